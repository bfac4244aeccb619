import type { RateLimit } from './rate-limit.ts'

/** When to ask again: before that there is no permit. */
export interface NotBefore {
  readonly at: number
}

/** What sums of fractions may be off by: three thirds of a second would else be a second and a breath, and a millisecond too late. */
const ROUNDING_MS = 1e-6

/**
 * The buckets of a rate limit. A bucket is one number, the time at which it will be full; one that is full is not kept, so there are at
 * most as many as keys were used in the time that an empty bucket takes to fill.
 *
 * Times are given by the caller, in milliseconds, by a clock that does not go back.
 */
export class RateLimiter {
  readonly #limit: RateLimit
  readonly #intervalMs: number
  /** When each bucket will be full, in milliseconds since the first call: of times since 1970 the small fractions would be lost. The key used last is last. */
  readonly #fullAt = new Map<string, number>()
  #origin: number | undefined

  constructor (limit: RateLimit) {
    this.#limit = limit
    this.#intervalMs = limit.perMs / limit.permits
  }

  /** How many buckets are kept because they are not full. */
  get size (): number {
    return this.#fullAt.size
  }

  /** True: one permit is taken. Else nothing is, and when the next one will be there. Who waits for it is not kept a place. */
  take (now: number, key?: string): true | NotBefore {
    const bucket = this.#bucketOf(key)
    this.#origin ??= now
    const time = now - this.#origin
    this.#dropFull(time)
    const fullAt = Math.max(time, this.#fullAt.get(bucket) ?? time) + this.#intervalMs
    const at = fullAt - this.#limit.burst * this.#intervalMs
    const waitMs = Math.ceil(at - time - ROUNDING_MS)
    if (waitMs > 0) return { at: now + waitMs }
    this.#fullAt.delete(bucket)
    this.#fullAt.set(bucket, fullAt)
    return true
  }

  #bucketOf (key: string | undefined): string {
    if (!this.#limit.perKey) return ''
    if (key === undefined) throw new TypeError('A permit was asked for without a key, and the rate limit is per key; give the key.')
    return key
  }

  /** The longest unused are first. One that is not full yet ends the search: those behind it are looked at again at the next call. */
  #dropFull (time: number): void {
    for (const [key, fullAt] of this.#fullAt) {
      if (fullAt > time) return
      this.#fullAt.delete(key)
    }
  }
}
