import type { LogHeader, LogRecord } from '../log/log.ts'
import type { ErrorClass } from '../resilience/error-class.ts'
import { CONNECT, KAFKA_STREAMS, OWN, SHARE_GROUP, SPRING } from './families.ts'
import { int32, int64 } from './numbers.ts'

/** Which headers are written beside ours, the broker's and Kafka Streams', which always are. */
export interface HeaderFamilies {
  /** What Spring's consumers and the redrive of web interfaces look for. */
  readonly spring: boolean
  readonly connect: boolean
}

export const defaultFamilies: HeaderFamilies = { spring: true, connect: false }

/** All that is said of a record that cannot be processed. */
export interface ErrorFacts {
  readonly source: LogRecord
  readonly applicationId: string
  /** The same for the same record, also behind replays. */
  readonly errorId: string
  readonly node: string
  readonly stage: Stage
  readonly errorType: string
  readonly errorClass: ErrorClass
  readonly message: string
  readonly cause: unknown
  readonly attempts: number
  readonly firstFailedAtMs: number
  readonly failedAtMs: number
  readonly replayCount: number
  readonly lastReplayId: string | undefined
  readonly body: 'raw' | 'envelope'
  /** Which parts of the record did not fit. */
  readonly cuts: readonly Cut[]
}

export type Stage = 'decode' | 'validate' | 'process' | 'state' | 'sink'
export type Cut = 'payload' | 'key' | 'headers'

export interface HeaderLimits {
  readonly families: HeaderFamilies
  /** The record must fit into so many bytes; the block takes no more than that, nor than 16 KiB. */
  readonly maxBytes: number
}

const MAX_BLOCK_BYTES = 16_384
const MAX_STACK_BYTES = 8_192
export const MAX_MESSAGE_BYTES = 2_048

/** The block of headers that says why a record is dead, to our tools and to those of others. The one place where it is made. */
export function errorHeaders (facts: ErrorFacts, { families, maxBytes }: HeaderLimits): LogHeader[] {
  const { source, applicationId, cause } = facts
  const message = cutText(facts.message, Math.min(MAX_MESSAGE_BYTES, maxBytes))
  const exception = cutText(cause instanceof Error ? cause.name : 'Rejected', MAX_NAME_BYTES)
  const coordinates = { topic: source.topic, partition: String(source.partition), offset: String(source.offset) }
  const block = [
    ...text(SHARE_GROUP, { ...coordinates, group: applicationId, 'delivery.count': String(facts.attempts), message }),
    ...text(KAFKA_STREAMS, { exception, message, ...coordinates }),
    ...families.spring ? springHeaders(facts, exception, message) : [],
    ...families.connect ? connectHeaders(facts, exception, message) : [],
    ...ownHeaders(facts)
  ]
  const room = Math.min(MAX_BLOCK_BYTES, maxBytes) - sizeOf(block)
  return [...block, ...stackHeaders(cause instanceof Error ? cause.stack ?? '' : '', room, families)]
}

const MAX_NAME_BYTES = 256

function ownHeaders (facts: ErrorFacts): LogHeader[] {
  return text(OWN, {
    format: '1',
    id: facts.errorId,
    application: facts.applicationId,
    node: facts.node,
    stage: facts.stage,
    type: cutText(facts.errorType, MAX_NAME_BYTES),
    class: facts.errorClass,
    attempts: String(facts.attempts),
    'first-failed-at-ms': String(facts.firstFailedAtMs),
    'failed-at-ms': String(facts.failedAtMs),
    'replay-count': String(facts.replayCount),
    ...(facts.lastReplayId === undefined ? {} : { 'last-replay-id': facts.lastReplayId }),
    body: facts.body,
    ...Object.fromEntries(facts.cuts.map(part => [`${part}-truncated`, 'true']))
  })
}

function springHeaders ({ source, applicationId }: ErrorFacts, exception: string, message: string): LogHeader[] {
  return [
    [`${SPRING}original-topic`, Buffer.from(source.topic)],
    [`${SPRING}original-partition`, int32(source.partition)],
    [`${SPRING}original-offset`, int64(source.offset)],
    [`${SPRING}original-timestamp`, int64(source.timestamp)],
    [`${SPRING}original-consumer-group`, Buffer.from(applicationId)],
    [`${SPRING}exception-fqcn`, Buffer.from(exception)],
    [`${SPRING}exception-message`, Buffer.from(message)]
  ]
}

/** The stages in Connect's words. */
const CONNECT_STAGES: Readonly<Record<Stage, string>> = { decode: 'VALUE_CONVERTER', validate: 'TRANSFORMATION', process: 'TRANSFORMATION', state: 'TASK_PUT', sink: 'TASK_PUT' }

function connectHeaders ({ source, applicationId, node, stage }: ErrorFacts, exception: string, message: string): LogHeader[] {
  return text(CONNECT, {
    topic: source.topic,
    partition: String(source.partition),
    offset: String(source.offset),
    'connector.name': applicationId,
    'task.id': String(source.partition),
    stage: CONNECT_STAGES[stage],
    'class.name': node,
    'exception.class.name': exception,
    'exception.message': message
  })
}

/** In the room that the others leave: without a trace the record still says what happened, without its place it says nothing. */
function stackHeaders (stack: string, room: number, { connect }: HeaderFamilies): LogHeader[] {
  const names = [`${KAFKA_STREAMS}stacktrace`, ...connect ? [`${CONNECT}exception.stacktrace`] : []]
  const share = Math.floor(room / names.length)
  return names.map(name => [name, Buffer.from(cutText(stack, Math.max(0, Math.min(MAX_STACK_BYTES, share - name.length))))])
}

function text (prefix: string, values: Readonly<Record<string, string>>): LogHeader[] {
  return Object.entries(values).map(([name, value]) => [prefix + name, Buffer.from(value)])
}

function sizeOf (headers: readonly LogHeader[]): number {
  return headers.reduce((size, [name, value]) => size + name.length + (value?.length ?? 0), 0)
}

/** At most so many bytes of UTF-8, and no half character. */
export function cutText (text: string, maxBytes: number): string {
  if (text.length * 3 <= maxBytes) return text
  const bytes = Buffer.from(text)
  if (bytes.length <= maxBytes) return text
  let end = maxBytes
  while (end > 0 && isContinuation(bytes[end])) end--
  return bytes.toString('utf8', 0, end)
}

function isContinuation (byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80
}
