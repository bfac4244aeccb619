import type { Fresh, Subject } from '../lib/race.ts'
import type { Expected } from './orders.ts'

/** The log, and what it comes to. */
export interface Ground {
  readonly topic: string
  /** How many the log holds. */
  readonly records: number
  readonly expected: Expected
}

/** Something that counts the orders. */
export type CountingSubject = Subject<Ground>

export type CountingRun = Fresh & Ground
