import type { Subject } from '../lib/race.ts'
import type { Totals } from './model.ts'

/** The log, and what it comes to. */
export interface Ground {
  readonly topics: { readonly views: string, readonly sales: string }
  /** Of both sides. */
  readonly records: number
  readonly expected: Totals
}

export type WindowsSubject = Subject<Ground>
