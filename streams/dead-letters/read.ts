import type { LogRecord } from '../log/log.ts'
import type { DeadLetter, Family } from './dead-letter.ts'
import { unwrap, type Unwrapped } from './envelope.ts'
import { OWN, REPLAY, withoutErrors } from './families.ts'
import { familyReaders, type LastHeaders, type Said } from './family-readers.ts'
import { readReplayMark } from './replay-mark.ts'
import { readRoute, withoutRoute } from './route.ts'

/**
 * Reads a record of a dead-letter topic: ours, and those of share groups, Kafka Streams, Spring, Kafka Connect and the
 * recommender's envelopes. Whatever is in it, it is bounded and never throws; what is not said is undefined.
 */
export function readDeadLetter (record: LogRecord): DeadLetter {
  const last = lastOf(record)
  const found = familyReaders.flatMap(({ family, read }) => {
    const said = read(last)
    return said === undefined ? [] : [{ family, said }]
  })
  const isOwn = found[0]?.family === 'millrace'
  const envelope = mayBeEnvelope(found, last) ? unwrap(record.value) : undefined
  const family = found[0]?.family ?? (envelope === undefined ? 'none' : 'envelope')
  const said = merge([...found.map(each => each.said), ...envelope === undefined ? [] : [envelope.said]])
  const { topic, partition, offset, timestamp, key } = record
  const mark = said.origin === undefined ? undefined : readReplayMark(record.headers, said.origin.topic)
  const route = isOwn ? readRoute(record.headers) : undefined
  return {
    at: { topic, partition, offset },
    family,
    origin: said.origin,
    errorClass: said.errorClass ?? 'unknown',
    errorCode: said.errorCode,
    exception: said.exception,
    message: said.message,
    stack: said.stack,
    node: said.node,
    stage: said.stage,
    application: said.application,
    attempts: said.attempts,
    errorId: said.errorId ?? mark?.errorId ?? idOf(said, record),
    replayCount: said.replayCount ?? mark?.count ?? 0,
    firstFailedAtMs: said.firstFailedAtMs ?? mark?.firstFailedAtMs,
    failedAtMs: said.failedAtMs,
    timestamp,
    key,
    ...payloadOf(record, envelope, said),
    headers: withoutErrors(route === undefined ? record.headers : withoutRoute(record.headers)),
    route
  }
}

function lastOf ({ headers }: LogRecord): LastHeaders {
  return new Map(headers.flatMap(([name, value]) => value === null || name.startsWith(REPLAY) ? [] : [[name, value]]))
}

/** The headers of others stand beside raw bytes. Ours say what their body is; those of earlier versions did not. */
function mayBeEnvelope (found: readonly { readonly family: Family }[], last: LastHeaders): boolean {
  if (found.length === 0) return true
  return found[0]?.family === 'millrace' && last.get(OWN + 'body')?.toString('latin1') !== 'raw'
}

/** The first family that speaks of a thing is believed; one that speaks of another record is not heard at all. */
function merge (all: readonly Said[]): Said {
  return all.reduce<Said>((merged, said) => disagrees(merged, said) ? merged : { ...said, ...merged }, {})
}

function disagrees ({ origin: one }: Said, { origin: other }: Said): boolean {
  if (one === undefined || other === undefined) return false
  return one.topic !== other.topic || differ(one.partition, other.partition) || differ(one.offset, other.offset)
}

function differ (one: number | undefined, other: number | undefined): boolean {
  return one !== undefined && other !== undefined && one !== other
}

function payloadOf ({ value }: LogRecord, envelope: Unwrapped | undefined, { cuts = [] }: Said): Pick<DeadLetter, 'value' | 'cuts'> {
  if (envelope === undefined) return { value, cuts }
  return { value: envelope.value, cuts: [...new Set([...cuts, ...envelope.said.cuts ?? []])] }
}

/** Where the record came from makes it the same one in every dead letter; else the letter itself does. */
function idOf ({ application = '', origin }: Said, { topic, partition, offset }: LogRecord): string {
  const from = origin?.partition === undefined || origin.offset === undefined ? { topic, partition, offset } : origin
  return `${application}/${from.topic}-${from.partition}@${from.offset}`
}
