import type { Services } from '../../test/helpers/services.ts'
import type { Owner } from '../lib/owner.ts'
import type { Summary } from './orders.ts'

/** What a subject works on: the log is full, everything else is new. */
export interface Ground {
  readonly services: Services
  readonly applicationId: string
  readonly topic: string
  readonly deadLetterTopic: string
  /** Of both topics. */
  readonly partitions: number
  /** How many the log holds. */
  readonly records: number
  /** Where a peer writes down what it holds in the end. */
  readonly resultFile: string
}

/** From the first record that was seen to be worked off to the commit of the last. */
export interface CountingPace {
  readonly seconds: number
  readonly recordsPerSecond: number
  /** From the start of the process. */
  readonly wallSeconds: number
  readonly subjectCpuMicros: number | null
  /** Of the backends that serve the subject; null where it uses none. */
  readonly postgresCpuMicros: number | null
  /** Of everything on the machine, broker and others included. */
  readonly machineCpuMicros: number
  readonly peakMegabytes: number | null
}

export interface Counted {
  readonly pace: CountingPace
  readonly summaries: ReadonlyMap<string, Readonly<Summary>>
}

export interface CountingSubject {
  readonly name: string
  /** Of a peer that cannot be installed or run the table says why; one of ours has to run. */
  readonly isPeer: boolean
  /** Rejects where it cannot be run to its end. */
  readonly run: (owner: Owner, ground: Ground) => Promise<Counted>
}
