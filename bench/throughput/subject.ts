import type { ModelResult } from '../../test/helpers/model.ts'
import type { RecommenderTopics } from '../../test/helpers/recommender.ts'
import type { Services } from '../../test/helpers/services.ts'
import type { Owner } from '../lib/owner.ts'
import type { Pace } from '../lib/positions.ts'

/** What a subject works on: the log is full, everything else is new. */
export interface Ground {
  readonly services: Services
  readonly applicationId: string
  readonly topics: RecommenderTopics
  /** How many the log holds. */
  readonly records: number
  readonly expected: ModelResult
  /** What else a program of ours finds in its environment. */
  readonly environment: Readonly<Record<string, string>>
}

export interface Outcome extends Pace {
  /** From the start of the process. */
  readonly wallSeconds: number
  /** From the last position to a projection that vouches for all of it. */
  readonly projectionBehindMs: number | null
  /** How its result differs from the model's. */
  readonly mistake: string | null
}

/** Something that turns the log into tables. */
export interface Subject {
  readonly name: string
  /** Of a peer that cannot be installed or run the table says why; one of ours has to run. */
  readonly isPeer: boolean
  /** Rejects where it cannot be run to its end. */
  readonly run: (owner: Owner, ground: Ground) => Promise<Outcome>
}
