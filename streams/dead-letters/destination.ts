import type { Log, OutgoingRecord } from '../log/log.ts'
import { partitionFor } from '../log/partitioner.ts'
import { readRecord } from '../log/read-range.ts'
import type { DeadLetter } from './dead-letter.ts'
import { withoutErrors, withoutRetries } from './families.ts'
import { replayHeaders } from './replay-mark.ts'

/** Why a dead letter is not replayed, as a sentence. */
export interface Refused {
  readonly refused: string
}

/** A dead letter as the record that it was, and where it goes. */
export interface Destined {
  readonly record: Pick<OutgoingRecord, 'topic' | 'key' | 'value' | 'headers' | 'timestamp'> & { readonly partition: number }
}

export interface Destination {
  readonly log: Pick<Log, 'offsets' | 'openReader'>
  /** undefined: back to where each came from. */
  readonly to: string | undefined
  readonly maxReplays: number
  readonly replayId: string
  readonly countOf: (topic: string) => Promise<number | undefined>
}

/** What is sent for a dead letter. To the origin is to the user's topic: what an application wrote for itself cannot be written from outside. */
export async function destine (letter: DeadLetter, destination: Destination): Promise<Destined | Refused> {
  if (letter.replayCount >= destination.maxReplays) {
    return refuse(`replayed ${letter.replayCount} times already and failed again: mend its cause, or its value with edit, or raise --max-replays`)
  }
  if (letter.cuts.length > 0) return refuse(`its ${letter.cuts.join(' and ')} did not fit into the dead letter and ${letter.cuts.length === 1 ? 'is' : 'are'} lost: edit can give it a new value, or send the record again from where it came from`)
  if (destination.to === undefined && isOfInternalTopic(letter)) return await destineHead(letter, destination)
  const topic = destination.to ?? letter.origin?.topic
  if (topic === undefined) return refuse('it does not say which topic it comes from: say where to with --to')
  return await destined(letter, topic, destination)
}

function isOfInternalTopic ({ family, route, origin, application }: DeadLetter): boolean {
  if (family !== 'millrace') return false
  return route?.isThroughInternalTopics ?? origin?.topic.startsWith(`${application}-`) ?? false
}

/** An internal topic's record is sent by sending again the user's record that led to it. */
async function destineHead (letter: DeadLetter, destination: Destination): Promise<Destined | Refused> {
  const internal = letter.origin?.topic ?? 'an internal topic'
  const head = letter.route?.head
  if (head === undefined) return refuse(`it is of ${internal}, a topic that only its application may write to, and nothing says which record of yours led to it: say where to with --to`)
  const count = await destination.countOf(head.topic)
  const record = count === undefined || head.partition >= count ? undefined : await readRecord(destination.log, head)
  if (record !== undefined) {
    const { key, value, timestamp } = record
    return await destined({ ...letter, key, value, headers: withoutErrors(record.headers), timestamp, origin: head }, head.topic, destination)
  }
  return refuse(`it is of ${internal}, a topic that only its application may write to, and the record that led to it, ${head.topic}-${head.partition}@${head.offset}, is gone: say where to with --to`)
}

async function destined (letter: DeadLetter, topic: string, { countOf, replayId }: Destination): Promise<Destined | Refused> {
  const { at, origin, key, value, timestamp, errorId, replayCount, firstFailedAtMs, failedAtMs } = letter
  if (topic === at.topic) return refuse('it would go to the dead-letter topic that it lies in: say where to with --to')
  const count = await countOf(topic)
  if (count === undefined) return refuse(`there is no topic '${topic}' on this cluster: say where to with --to`)
  const mark = { errorId, count: replayCount + 1, firstFailedAtMs: firstFailedAtMs ?? failedAtMs, replayId, topic, letter: placeOf(letter) }
  return {
    record: {
      topic,
      partition: partitionOf({ topic, key, origin, at }, count),
      key,
      value,
      headers: [...withoutRetries(letter.headers), ...replayHeaders(mark)],
      ...(timestamp < 0 ? {} : { timestamp })
    }
  }
}

/** Back to its own partition, whatever had chosen that; else by its key. */
function partitionOf ({ topic, key, origin, at }: Pick<DeadLetter, 'key' | 'origin' | 'at'> & { readonly topic: string }, count: number): number {
  const own = origin?.topic === topic ? origin.partition : undefined
  if (own !== undefined && own < count) return own
  return key === null ? (origin?.partition ?? at.partition) % count : partitionFor(key, count)
}

/** How the ledger and the replayed record name a dead letter. */
export function placeOf ({ at: { topic, partition, offset } }: Pick<DeadLetter, 'at'>): string {
  return `${topic}-${partition}@${offset}`
}

function refuse (refused: string): Refused {
  return { refused }
}
