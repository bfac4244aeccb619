import type { ModelResult } from '../../test/helpers/model.ts'
import type { RecommenderTopics } from '../../test/helpers/recommender.ts'
import type { Subject } from '../lib/race.ts'

/** The log, and what it comes to. */
export interface Ground {
  readonly topics: Omit<RecommenderTopics, 'dlq'>
  /** How many the log holds. */
  readonly records: number
  readonly expected: ModelResult
  /** What else a program of ours finds in its environment. */
  readonly environment: Readonly<Record<string, string>>
}

/** Something that turns the log into tables. */
export type RecommenderSubject = Subject<Ground>
