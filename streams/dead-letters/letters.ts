import { FatalError } from '../errors.ts'
import type { Log } from '../log/log.ts'
import { readRanges, readRecord, wholeRanges, type Range } from '../log/read-range.ts'
import { fits, type Criteria } from './criteria.ts'
import type { DeadLetter } from './dead-letter.ts'
import type { Ledger, ReplayState } from './ledger.ts'
import { readDeadLetter } from './read.ts'

/** A dead letter, and what the ledger knows of it. */
export interface LedgerLetter extends DeadLetter {
  /** undefined: it was not replayed. */
  readonly replay: ReplayState | undefined
}

export interface LettersOptions {
  readonly log: Pick<Log, 'partitionCounts' | 'offsets' | 'openReader'>
  readonly topic: string
  /** undefined: nothing is known of replays. */
  readonly ledger: Pick<Ledger, 'statesIn'> | undefined
  readonly criteria: Criteria
  /** Told where the reading is. */
  readonly looked?: (records: number) => void
  /** Left out: all that the topic holds now. */
  readonly ranges?: readonly Range[]
}

/** The dead letters of a topic that fit, in the order in which they lie there, partition by partition; one answer of the broker at a time. */
export async function * lettersOf ({ log, topic, ledger, criteria, looked, ranges }: LettersOptions): AsyncGenerator<LedgerLetter> {
  for await (const { records, from, next, partition } of readRanges(log, ranges ?? await rangesOf(log, topic))) {
    const states = await ledger?.statesIn({ partition, from, to: next })
    let lookedTo = from
    for (const record of records) {
      const letter = readDeadLetter(record)
      if (await fits(letter, criteria)) yield { ...letter, replay: states?.get(record.offset) }
      looked?.(record.offset + 1 - lookedTo)
      lookedTo = record.offset + 1
    }
    looked?.(next - lookedTo)
  }
}

export async function rangesOf (log: Pick<Log, 'partitionCounts' | 'offsets'>, topic: string): Promise<Range[]> {
  const ranges = await wholeRanges(log, [topic])
  if (ranges.length === 0) throw new FatalError(`There is no topic '${topic}'. Is --topic right, and is it on this cluster?`)
  return ranges
}

/** The one at a place; undefined: there is nothing (any more). */
export async function letterAt (
  { log, topic, ledger }: Pick<LettersOptions, 'log' | 'topic' | 'ledger'>, { partition, offset }: { readonly partition: number, readonly offset: number }
): Promise<LedgerLetter | undefined> {
  if (!(await rangesOf(log, topic)).some(range => range.partition === partition)) return undefined
  const record = await readRecord(log, { topic, partition, offset })
  if (record === undefined) return undefined
  const states = await ledger?.statesIn({ partition, from: offset, to: offset + 1 })
  return { ...readDeadLetter(record), replay: states?.get(offset) }
}
