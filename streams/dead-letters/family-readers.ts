import type { DeadLetter, Family, Origin } from './dead-letter.ts'
import { CONNECT, KAFKA_STREAMS, OWN, SHARE_GROUP, SPRING, SPRING_RETRY } from './families.ts'
import type { ErrorClass } from '../resilience/error-class.ts'
import type { Cut } from './headers.ts'
import { readBinary, readDecimal } from './numbers.ts'

/** The last value of each header: of those that were there before, others may have the same name. */
export type LastHeaders = ReadonlyMap<string, Buffer>

/** What a family says of its dead letter. */
export type Said = Partial<Pick<DeadLetter,
  'origin' | 'errorClass' | 'errorCode' | 'exception' | 'message' | 'stack' | 'node' | 'stage' | 'application' | 'attempts' | 'errorId' | 'replayCount' | 'firstFailedAtMs' | 'failedAtMs' | 'cuts'>>

interface FamilyReader {
  readonly family: Family
  /** undefined: it says nothing. */
  readonly read: (headers: LastHeaders) => Said | undefined
}

/** In the order in which they are believed. */
export const familyReaders: readonly FamilyReader[] = [
  { family: 'millrace', read: readOwn },
  { family: 'share-group', read: readShareGroup },
  { family: 'kafka-streams', read: readKafkaStreams },
  { family: 'spring', read: headers => readSpring(headers, SPRING) },
  { family: 'spring-retry', read: headers => readSpring(headers, SPRING_RETRY) },
  { family: 'connect', read: readConnect }
]

/** Names of nodes, topics and classes. */
const NAME_BYTES = 512
const MESSAGE_BYTES = 4_096
const STACK_BYTES = 65_536

/** What is longer is cut: a header is not to be trusted for its size. */
function textOf (headers: LastHeaders, name: string, maxBytes = NAME_BYTES): string | undefined {
  const bytes = headers.get(name)
  return bytes === undefined || bytes.length === 0 ? undefined : bytes.toString('utf8', 0, maxBytes)
}

function originOf (topic: string | undefined, partition: number | undefined, offset: number | undefined): { origin: Origin } | undefined {
  return topic === undefined ? undefined : { origin: { topic, partition, offset } }
}

function textOrigin (headers: LastHeaders, prefix: string): { origin: Origin } | undefined {
  return originOf(textOf(headers, prefix + 'topic'), readDecimal(headers.get(prefix + 'partition')), readDecimal(headers.get(prefix + 'offset')))
}

function readOwn (headers: LastHeaders): Said | undefined {
  const get = (name: string): string | undefined => textOf(headers, OWN + name)
  if (get('format') === undefined) return undefined
  const number = (name: string): number | undefined => readDecimal(headers.get(OWN + name))
  const cuts = (['payload', 'key', 'headers'] satisfies Cut[]).filter(part => get(`${part}-truncated`) === 'true')
  return defined({
    errorId: textOf(headers, OWN + 'id', ID_BYTES),
    application: get('application'),
    node: get('node'),
    stage: get('stage'),
    errorCode: get('type'),
    errorClass: readClass(get('class')),
    attempts: number('attempts'),
    firstFailedAtMs: number('first-failed-at-ms'),
    failedAtMs: number('failed-at-ms'),
    replayCount: number('replay-count'),
    cuts
  })
}

const ID_BYTES = 1_024

function readClass (text: string | undefined): ErrorClass | 'unknown' {
  return text === 'fatal' || text === 'retryable' || text === 'poison' ? text : 'unknown'
}

function readShareGroup (headers: LastHeaders): Said | undefined {
  const said = {
    ...textOrigin(headers, SHARE_GROUP),
    application: textOf(headers, SHARE_GROUP + 'group'),
    attempts: readDecimal(headers.get(SHARE_GROUP + 'delivery.count')),
    message: textOf(headers, SHARE_GROUP + 'message', MESSAGE_BYTES)
  }
  return orNothing(said)
}

function readKafkaStreams (headers: LastHeaders): Said | undefined {
  return orNothing({
    ...textOrigin(headers, KAFKA_STREAMS),
    exception: textOf(headers, KAFKA_STREAMS + 'exception'),
    message: textOf(headers, KAFKA_STREAMS + 'message', MESSAGE_BYTES),
    stack: textOf(headers, KAFKA_STREAMS + 'stacktrace', STACK_BYTES)
  })
}

/** Only the consumer group has the same name on the retry path. */
function readSpring (headers: LastHeaders, prefix: string): Said | undefined {
  const topic = textOf(headers, prefix + 'original-topic')
  const exception = textOf(headers, prefix + 'exception-cause-fqcn') ?? textOf(headers, prefix + 'exception-fqcn') ?? textOf(headers, prefix + 'key-exception-fqcn')
  if (topic === undefined && exception === undefined) return undefined
  return orNothing({
    ...originOf(topic, readBinary(headers.get(prefix + 'original-partition')), readBinary(headers.get(prefix + 'original-offset'))),
    application: textOf(headers, SPRING + 'original-consumer-group'),
    exception,
    message: textOf(headers, prefix + 'exception-message', MESSAGE_BYTES) ?? textOf(headers, prefix + 'key-exception-message', MESSAGE_BYTES),
    stack: textOf(headers, prefix + 'exception-stacktrace', STACK_BYTES) ?? textOf(headers, prefix + 'key-exception-stacktrace', STACK_BYTES),
    attempts: readBinary(headers.get('retry_topic-attempts'))
  })
}

function readConnect (headers: LastHeaders): Said | undefined {
  return orNothing({
    ...textOrigin(headers, CONNECT),
    application: textOf(headers, CONNECT + 'connector.name'),
    node: textOf(headers, CONNECT + 'class.name'),
    stage: textOf(headers, CONNECT + 'stage'),
    exception: textOf(headers, CONNECT + 'exception.class.name'),
    message: textOf(headers, CONNECT + 'exception.message', MESSAGE_BYTES),
    stack: textOf(headers, CONNECT + 'exception.stacktrace', STACK_BYTES)
  })
}

function orNothing (said: { readonly [K in keyof Said]: Said[K] | undefined }): Said | undefined {
  const found = defined(said)
  return Object.keys(found).length === 0 ? undefined : found
}

/** Without what is not said, so that another family may say it. */
function defined (said: { readonly [K in keyof Said]: Said[K] | undefined }): Said {
  // Nothing is left whose value is undefined, which fromEntries cannot tell.
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)) as Said
}
