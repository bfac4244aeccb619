import type { Percentiles } from '../lib/statistics.ts'

export interface LoadOptions {
  readonly origin: string
  readonly perSecond: number
  readonly seconds: number
  readonly users: number
  readonly userSkew: number
  readonly k: number
}

export interface LoadResult {
  /** From the moment a request was due to the last byte of its answer. */
  readonly latencyMs: Percentiles
  /** From the moment it was due to the moment it was handed to the agent. */
  readonly lateMs: Percentiles
  readonly errors: number
  readonly degraded: number
  /** Answers with fewer items than asked for. */
  readonly short: number
}

/** What the generator printed. */
export function readLoadResult (output: string): LoadResult {
  try {
    // Printed by generator.ts, of this very type.
    return JSON.parse(output) as LoadResult
  } catch (error) {
    throw new Error(`The load generator failed:\n${output}`, { cause: error })
  }
}
