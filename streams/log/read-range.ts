import { LogError, type FetchedBatch, type Log, type LogRecord, type TopicPartition } from './log.ts'

/** What to read of a partition: from an offset up to one that is not read any more. */
export interface Range extends TopicPartition {
  readonly from: number
  readonly to: number
}

export interface ReadBatch extends TopicPartition {
  readonly records: readonly LogRecord[]
  /** Where it began and where the next one begins; what lies between and is no record was compacted, aborted or a marker. */
  readonly from: number
  readonly next: number
}

/** Answers at hand beside the one that is being looked at: so much of the log is in memory, however long it is. */
const MAX_BATCHES = 2
const PATIENCE_MS = 30_000

/** All that these topics hold now, partition by partition. */
export async function wholeRanges (log: Pick<Log, 'partitionCounts' | 'offsets'>, topics: readonly string[]): Promise<Range[]> {
  const counts = await log.partitionCounts(topics)
  const partitions = topics.flatMap(topic => Array.from({ length: counts.get(topic) ?? 0 }, (_, partition) => ({ topic, partition })))
  if (partitions.length === 0) return []
  const key = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`
  const ends = new Map((await log.offsets(partitions, 'latest')).map(each => [key(each), each.offset]))
  const starts = new Map((await log.offsets(partitions, 'earliest')).map(each => [key(each), each.offset]))
  return partitions.map(each => ({ ...each, from: starts.get(key(each)) ?? 0, to: ends.get(key(each)) ?? 0 }))
}

/** Reads ranges one after the other. Where retention was faster than we, it goes on from what is left. */
export async function * readRanges (log: Pick<Log, 'openReader' | 'offsets'>, ranges: readonly Range[]): AsyncGenerator<ReadBatch> {
  for (const range of ranges) if (range.from < range.to) yield * readRange(log, range)
}

/** undefined: there is none (any more) at that offset. */
export async function readRecord (log: Pick<Log, 'openReader' | 'offsets'>, { topic, partition, offset }: TopicPartition & { readonly offset: number }): Promise<LogRecord | undefined> {
  const [end] = await log.offsets([{ topic, partition }], 'latest')
  const [start] = await log.offsets([{ topic, partition }], 'earliest')
  if (start === undefined || end === undefined || offset < start.offset || offset >= end.offset) return undefined
  const batches = readRange(log, { topic, partition, from: offset, to: offset + 1 })
  const first = await batches.next()
  await batches.return(undefined)
  return first.done === true ? undefined : first.value.records.find(record => record.offset === offset)
}

async function * readRange (log: Pick<Log, 'openReader' | 'offsets'>, { topic, partition, from, to }: Range): AsyncGenerator<ReadBatch> {
  let position = from
  const batches: FetchedBatch[] = []
  let failure: LogError | undefined
  let reason = 'there is no answer'
  let wake = (): void => {}
  const reader = log.openReader({
    maxWaitMs: 100,
    wanted: () => position < to && batches.length < MAX_BATCHES ? [{ topic, partition, offset: position, epoch: 0 }] : [],
    deliver (batch) {
      if (batch.askedOffset !== position) return
      // An empty answer that does not move on is the reader's word that it waits.
      if (batch.nextOffset === position) return
      position = batch.nextOffset
      batches.push(batch)
      wake()
    },
    failed (_, error) {
      failure = error
      wake()
    },
    delayed (_, why) { reason = why }
  })
  try {
    for (let next = from; next < to;) {
      const batch = batches.shift()
      if (batch !== undefined) {
        reader.wake()
        yield { topic, partition, records: batch.records.filter(({ offset }) => offset < to), from: batch.askedOffset, next: Math.min(to, batch.nextOffset) }
        next = batch.nextOffset
      } else if (failure !== undefined) {
        next = position = await startAfter(log, { topic, partition }, failure)
        failure = undefined
        reader.wake()
      } else {
        await new Promise<void>((resolve, reject) => {
          const timer = setTimeout(() => reject(new LogError('outage', `${topic}/${partition} cannot be read: ${reason}.`)), PATIENCE_MS)
          wake = () => {
            clearTimeout(timer)
            resolve()
          }
        })
      }
    }
  } finally {
    await reader.close()
  }
}

async function startAfter (log: Pick<Log, 'offsets'>, where: TopicPartition, error: LogError): Promise<number> {
  if (error.kind !== 'out-of-range') throw error
  const [start] = await log.offsets([where], 'earliest')
  if (start === undefined) throw error
  return start.offset
}
