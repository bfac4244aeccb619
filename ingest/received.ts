import { randomUUID } from 'node:crypto'
import { isRecord, type EventContract, type Problem } from '../schemas/contract.ts'
import type { OutgoingRecord } from '../streams/index.ts'

/** What every event has, whatever its kind. */
interface AnyEvent {
  readonly event_id: string
  readonly user_id: string
}

/** An event as it goes to the log, or what is wrong with it. */
export type Received =
  | { readonly kind: 'event', readonly eventId: string, readonly record: OutgoingRecord }
  | { readonly kind: 'refused', readonly problems: readonly Problem[] }

export interface ReceiveOptions<T> {
  readonly contract: EventContract<T>
  readonly topic: string
  /** The ingest's clock: it becomes the record's timestamp, so it is what the event's time is compared with. */
  readonly now: number
}

/** Gives a missing event id, checks, stamps the time of receipt, and keys the record by its user. */
export function receive<T extends AnyEvent> (body: unknown, { contract, topic, now }: ReceiveOptions<T>): Received {
  const named = isRecord(body) ? { ...body, event_id: body.event_id ?? randomUUID() } : body
  const time = { timestamp: now }
  if (!contract.accepts(named, time)) return { kind: 'refused', problems: contract.problems(named, time) }
  return { kind: 'event', eventId: named.event_id, record: recordOf({ ...named, server_received_ts_ms: now }, topic, now) }
}

export function recordOf (event: AnyEvent, topic: string, now: number): OutgoingRecord {
  return { topic, key: Buffer.from(event.user_id), value: Buffer.from(JSON.stringify(event)), headers: [], timestamp: now }
}
