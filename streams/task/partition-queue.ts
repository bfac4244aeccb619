import type { FetchedBatch, LogRecord, ReadPosition } from '../log/log.ts'
import { isFinished, type OffsetRange } from '../state/progress.ts'
import { restoredRecord, type Retry } from './calls/retry-record.ts'
import type { Extract, Extraction } from './extraction.ts'
import type { RecordItem } from './item.ts'
import type { UnitGate } from './unit-gate.ts'
import { withoutStamp } from './unit-stamp.ts'

/** Records fetched and not yet taken, per partition; beyond either bound the partition is not fetched. */
const MAX_RECORDS = 4_000
const MAX_BYTES = 4_000_000

/** What is at hand of one partition of one task, in offset order. */
export class PartitionQueue {
  readonly topic: string
  readonly partition: number
  #records: LogRecord[] = []
  #head = 0
  #bytes = 0
  #fetchOffset: number
  readonly #epoch: number
  /** Of a partition of an internal topic. */
  readonly #gate: UnitGate | undefined
  readonly #extract: Extract | undefined
  /** The largest time taken. */
  #partitionTime: number
  /** What the extractor made of the next record. */
  #shown: { readonly of: LogRecord, readonly record: LogRecord, readonly extraction: Extraction } | undefined
  /** −1 until the first answer: whether the broker has more is then unknown. */
  #endOffset = -1
  /** Everything before it was taken, or was no record. */
  #coveredTo: number
  /** Offsets that are done, beyond where this began. */
  readonly #finished: readonly OffsetRange[]

  constructor (topic: string, partition: number, offset: number, epoch: number, gate?: UnitGate, { extract, partitionTime, finished = [] }: Start = { extract: undefined, partitionTime: -1 }) {
    this.topic = topic
    this.partition = partition
    this.#fetchOffset = offset
    this.#coveredTo = offset
    this.#finished = finished
    this.#epoch = epoch
    this.#gate = gate
    this.#extract = extract
    this.#partitionTime = partitionTime
  }

  get length (): number {
    return this.#records.length - this.#head
  }

  get endOffset (): number {
    return this.#endOffset
  }

  /** What to ask the log for, or undefined while enough is at hand. */
  wanted (): ReadPosition | undefined {
    if (this.length > 0 && (this.length >= MAX_RECORDS || this.#bytes >= MAX_BYTES)) return undefined
    return { topic: this.topic, partition: this.partition, offset: this.#fetchOffset, epoch: this.#epoch }
  }

  /** False for the answer to a question that is no longer asked: another assignment, or an offset already had. */
  offer ({ epoch, askedOffset, records, nextOffset, endOffset }: FetchedBatch): boolean {
    if (epoch !== this.#epoch || askedOffset !== this.#fetchOffset) return false
    for (const record of records) {
      this.#records.push(record)
      this.#bytes += sizeOf(record)
    }
    this.#fetchOffset = nextOffset
    this.#endOffset = endOffset
    return true
  }

  /** Nothing is at hand, and the broker may have something: the order between partitions waits for it. */
  mustWait (): boolean {
    return this.length === 0 && (this.#endOffset === -1 || this.#fetchOffset < this.#endOffset)
  }

  /** Goes on at `to`, if it is still at `from`. */
  skip (from: number, to: number): boolean {
    if (this.#fetchOffset !== from) return false
    this.#fetchOffset = to
    return true
  }

  /** The next record, with its extracted time where there is an extractor; undefined also where the next one of an internal topic is undecided. Records of units that came to nothing are gone with it. */
  peek (): LogRecord | undefined {
    const gate = this.#gate
    if (this.#finished.length > 0) this.#skipFinished()
    if (gate === undefined) return this.#show(this.#records[this.#head])
    for (let record = this.#records[this.#head]; record !== undefined; record = this.#records[this.#head]) {
      const verdict = gate.judge(record)
      if (verdict === 'take') return record
      if (verdict === 'wait') return undefined
      this.#next(record)
      if (this.#finished.length > 0) this.#skipFinished()
    }
    return undefined
  }

  /** When the next record of a retry topic is due; undefined where none waits for that, be it that it waits for something else. */
  get heldUntilMs (): number | undefined {
    const head = this.#records[this.#head]
    return head === undefined ? undefined : this.#gate?.heldUntil(head)
  }

  /** What this partition holds behind the last record that was taken, where nothing is at hand: markers, gaps, and what is done already. */
  get passed (): OffsetRange | undefined {
    return this.length === 0 && this.#fetchOffset > this.#coveredTo ? [this.#coveredTo, this.#fetchOffset] : undefined
  }

  #skipFinished (): void {
    for (let record = this.#records[this.#head]; record !== undefined && isFinished(this.#finished, record.offset); record = this.#records[this.#head]) this.#next(record)
  }

  take (): Taken | undefined {
    const peeked = this.peek()
    if (peeked === undefined) return undefined
    const shown = this.#shown
    const record = shown?.of ?? peeked
    this.#shown = undefined
    if (shown !== undefined && !('error' in shown.extraction)) this.#partitionTime = Math.max(this.#partitionTime, shown.record.timestamp)
    const from = this.#coveredTo
    const nextOffset = this.#next(record)
    this.#coveredTo = nextOffset
    const readFrom = { topic: this.topic, offset: from }
    if (this.#gate === undefined) return { record, nextOffset, readFrom, origin: undefined, extraction: shown?.extraction, tried: undefined }
    const retry = this.#gate.retryOf(record)
    const { record: own, origin } = withoutStamp(record)
    return { record: retry === undefined ? own : restoredRecord(record, retry), nextOffset, readFrom, origin, extraction: undefined, tried: retry }
  }

  #show (record: LogRecord | undefined): LogRecord | undefined {
    if (record === undefined || this.#extract === undefined) return record
    if (this.#shown?.of !== record) {
      const extraction = this.#extract(record, this.#partitionTime)
      this.#shown = { of: record, record: { ...record, timestamp: extraction.timestamp }, extraction }
    }
    return this.#shown.record
  }

  /** Moves past the record; answers with where to go on. */
  #next (record: LogRecord): number {
    this.#head++
    this.#bytes -= sizeOf(record)
    if (this.#head === this.#records.length) {
      this.#records = []
      this.#head = 0
      return this.#fetchOffset
    }
    // Cut the taken part off now and then, so that a queue that is never empty does not grow.
    if (this.#head > MAX_RECORDS) {
      this.#records = this.#records.slice(this.#head)
      this.#head = 0
    }
    return record.offset + 1
  }
}

/** How a queue knows the times of its records, without `extract` they are their own; and what of them is done. */
interface Start {
  readonly extract: Extract | undefined
  readonly partitionTime: number
  readonly finished?: readonly OffsetRange[]
}

interface Taken {
  readonly record: LogRecord
  readonly nextOffset: number
  readonly readFrom: RecordItem['readFrom']
  readonly tried: Retry | undefined
  /** Of an internal record: where what led to it came from. */
  readonly origin: string | undefined
  readonly extraction: Extraction | undefined
}

function sizeOf ({ key, value }: LogRecord): number {
  return 100 + (key === null ? 0 : key.length) + (value === null ? 0 : value.length)
}
