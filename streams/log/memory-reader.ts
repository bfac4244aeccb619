import { LogError, type FetchedBatch, type LogReader, type LogRecord, type ReaderOptions, type ReadPosition } from './log.ts'
import type { MemoryTopics } from './memory-topics.ts'

/** A turn's work for the taker: more would not be one. */
const maxBatchRecords = 2_000
const defaultMaxBytes = 1 << 20

/** A fetch loop over an in-memory log: answers in a turn of its own, and sleeps while there is nothing to say. */
export function openMemoryReader (topics: MemoryTopics, { wanted, deliver, failed, maxBytes = defaultMaxBytes }: ReaderOptions): LogReader {
  const told = new Map<string, string>()
  let rotation = 0
  let turn: NodeJS.Immediate | undefined
  let isClosed = false

  const wake = (): void => {
    if (!isClosed) turn ??= setImmediate(answer)
  }

  const answer = (): void => {
    turn = undefined
    const positions = wanted()
    const first = positions.length === 0 ? 0 : rotation++ % positions.length
    let budget = maxBytes
    let hasAnswered = false
    for (const position of [...positions.slice(first), ...positions.slice(0, first)]) {
      if (isClosed || budget <= 0) break
      const taken = tell(position, budget)
      hasAnswered ||= taken !== undefined
      budget -= taken ?? 0
    }
    // The taker has moved on by now, or has nothing more to ask.
    if (hasAnswered) wake()
  }

  /** The bytes told; nothing if this question has its answer already, or cannot have one yet. */
  const tell = (position: ReadPosition, budget: number): number | undefined => {
    const records = topics.partition(position)
    if (records === undefined) return
    const key = `${position.topic}/${position.partition}`
    const question = `${position.epoch}@${position.offset}`
    // With what it was told: an empty answer is given once, and again when there is something.
    const isKnown = (answer: string): boolean => told.get(key) === `${question}:${answer}`
    if (isKnown('records')) return
    if (position.offset < topics.startOf(position) || position.offset > records.length) {
      if (isKnown(`none of ${records.length}`)) return
      told.set(key, `${question}:none of ${records.length}`)
      failed(position, new LogError('out-of-range', `Offset ${position.offset} of ${key} is not in the log.`))
      return 0
    }
    const { batch, bytes } = take(position, records, budget)
    if (batch.records.length === 0 && isKnown('nothing')) return
    told.set(key, `${question}:${batch.records.length === 0 ? 'nothing' : 'records'}`)
    deliver(batch)
    return bytes
  }

  wake()
  return {
    wake,
    close: async () => {
      isClosed = true
      if (turn !== undefined) clearImmediate(turn)
    }
  }
}

function take ({ topic, partition, offset, epoch }: ReadPosition, log: readonly LogRecord[], budget: number): { readonly batch: FetchedBatch, readonly bytes: number } {
  const records: LogRecord[] = []
  let bytes = 0
  for (let next = offset; next < log.length && records.length < maxBatchRecords && (records.length === 0 || bytes < budget); next++) {
    const record = log[next]
    if (record === undefined) break
    records.push(record)
    bytes += (record.key?.length ?? 0) + (record.value?.length ?? 0)
  }
  return { batch: { topic, partition, askedOffset: offset, epoch, records, nextOffset: offset + records.length, endOffset: log.length }, bytes }
}
