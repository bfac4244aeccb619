import { readMs, type Duration } from './duration.ts'

/** How often something may be done: so many permits in so long, as a bucket that fills evenly and holds `burst` of them. */
export interface RateLimit {
  readonly permits: number
  readonly perMs: number
  readonly burst: number
  readonly perKey: boolean
}

export interface RateLimitOptions {
  readonly permits: number
  readonly per: Duration
  /**
   * How many may go at once after a pause; as many as `permits` where left out. In any stretch of time at most that many go, and
   * those that the stretch fills up: for a partner who counts strictly choose fewer.
   */
  readonly burst?: number
  /** Each key has a bucket of its own. */
  readonly perKey?: boolean
}

export function rateLimit ({ permits, per, burst = permits, perKey = false }: RateLimitOptions): RateLimit {
  for (const [name, count] of Object.entries({ permits, burst })) {
    if (!Number.isSafeInteger(count) || count < 1) throw new TypeError(`rateLimit: ${name} is ${count}; give a whole number from 1 on.`)
  }
  return Object.freeze({ permits, perMs: readMs('rateLimit: per', per), burst, perKey })
}
