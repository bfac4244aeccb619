import type { Services } from '../../test/helpers/services.ts'

export interface Options {
  /** Length of the log. */
  readonly events: number
  readonly repeats: number
  /** How long `freshness` and `serving` run. */
  readonly seconds: number
  /** How many users `serving` has; it has a tenth as many items. */
  readonly users: number
  /** How many keys the largest state of `growth` has. */
  readonly keys: number
  /** Of `stages` only as much as CI has time for, compared with the committed run. */
  readonly short: boolean
  /** How often each kind of fault is repeated. */
  readonly rounds: number
  /** A file with the rounds of earlier runs (`FAULT_RESULTS`), for the table of `faults`. */
  readonly from: string | undefined
  /** Where workers leave their CPU profiles. */
  readonly profile: string | undefined
}

export interface Context extends Options {
  readonly services: Services
  readonly say: (line: string) => void
}

/** One table of RESULTS.md: the first row is its head. */
export interface Table {
  readonly title: string
  readonly rows: ReadonlyArray<readonly string[]>
  readonly notes: readonly string[]
}

export interface Result {
  /** Whether every result was compared with the model and found equal. */
  readonly correct: boolean
  readonly mistakes: readonly string[]
  readonly numbers: unknown
  readonly tables: readonly Table[]
}

export interface Benchmark {
  readonly name: string
  /** Length of the log, where nothing else is asked for; left out: 100,000. */
  readonly events?: number
  readonly run: (context: Context) => Promise<Result>
}

/** One that needs no services. */
export interface LocalBenchmark {
  readonly name: string
  readonly runLocally: (context: Omit<Context, 'services'>) => Promise<Result>
}
