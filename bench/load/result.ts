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
  /** From the moment it was due to the moment it was sent. */
  readonly lateMs: Percentiles
  readonly errors: number
  /** The kinds of errors, and how many there were of each. */
  readonly kinds: Readonly<Record<string, number>>
  readonly degraded: number
  /** Answers with fewer items than asked for. */
  readonly short: number
}
