import { Type, type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { int32, int64 } from '../../dead-letters/numbers.ts'
import type { LogHeader, LogRecord } from '../../log/log.ts'
import { SOURCE_HEADER, stampOf } from '../unit-stamp.ts'

/** What is known of a record that is tried again later. */
export type Retry = Static<typeof Retry>
const Retry = Type.Object({
  topic: Type.String(),
  partition: Type.Integer(),
  offset: Type.Integer(),
  /** How many attempts were counted. */
  attempts: Type.Integer({ minimum: 0 }),
  firstFailedAtMs: Type.Number(),
  /** Not tried before. */
  dueAtMs: Type.Number(),
  /** How long its topic holds it: until it is due, or, where that is later than the topic's delay, until it goes round again. */
  heldUntilMs: Type.Number(),
  /** How many headers were put behind the record's own, this one included. */
  headers: Type.Integer({ minimum: 1 })
})

const RETRY_HEADER = 'millrace-retry'
const MAX_MESSAGE = 512
const compiled = Compile(Retry)

/**
 * A record's headers in a retry topic: its own, then what Spring's tools read on the way of a retry, then our own, and where it comes from. All
 * of ours are taken off again before a node sees the record.
 */
export function retryHeaders (record: LogRecord, retry: Omit<Retry, 'topic' | 'partition' | 'offset' | 'headers'>, { applicationId, origin, error }: {
  readonly applicationId: string
  /** What its idempotency keys begin with, and stays the same. */
  readonly origin: string
  readonly error: unknown
}): LogHeader[] {
  const { topic, partition, offset, timestamp } = record
  const ours: LogHeader[] = [
    ['kafka_original-topic', Buffer.from(topic)],
    ['kafka_original-partition', int32(partition)],
    ['kafka_original-offset', int64(offset)],
    ['kafka_original-timestamp', int64(timestamp)],
    ['kafka_dlt-original-consumer-group', Buffer.from(applicationId)],
    ['kafka_exception-fqcn', Buffer.from(error instanceof Error ? error.name : 'Error')],
    ['kafka_exception-message', Buffer.from((error instanceof Error ? error.message : String(error)).slice(0, MAX_MESSAGE))],
    // Spring counts the attempt that is to come.
    ['retry_topic-attempts', int32(retry.attempts + 1)],
    ['retry_topic-backoff-timestamp', leastBytes(retry.dueAtMs)],
    ['retry_topic-original-timestamp', leastBytes(timestamp)]
  ]
  const own: Retry = { ...retry, topic, partition, offset, headers: ours.length + 1 }
  return [...record.headers, ...ours, [RETRY_HEADER, Buffer.from(JSON.stringify(own))], [SOURCE_HEADER, Buffer.from(origin)]]
}

/** undefined: it is no record that is tried again, or somebody else has put it there. */
export function retryOf ({ headers }: LogRecord): Retry | undefined {
  const header = headers.at(-3)
  if (header?.[0] !== RETRY_HEADER || header[1] === null) return undefined
  const parsed = parse(header[1].toString())
  return compiled.Check(parsed) ? parsed : undefined
}

/** undefined: it is no JSON. */
function parse (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** As it was read the first time: its own headers, and the coordinates that it had. */
export function restoredRecord (record: LogRecord, { topic, partition, offset, headers }: Retry): LogRecord {
  if (stampOf(record) === undefined) return record
  return { ...record, topic, partition, offset, headers: record.headers.slice(0, -2 - headers) }
}

/** Java's `BigInteger.toByteArray`: two's complement, big-endian, as short as it goes. */
function leastBytes (value: number): Buffer {
  const bytes = int64(Math.trunc(value))
  let first = 0
  while (first < 7 && ((bytes[first] === 0 && (bytes[first + 1] ?? 0) < 128) || (bytes[first] === 255 && (bytes[first + 1] ?? 0) >= 128))) first++
  return bytes.subarray(first)
}
