import { readDelays, type Backoff, type Delays } from './backoff.ts'
import type { DelayTopicsRetry } from './delay-topics.ts'
import { readLimits, type LimitOptions, type Limits } from './limits.ts'

/** What happens to a record that could not be processed and may be another time. */
export type RetryPolicy = InPlaceRetry | DelayTopicsRetry | OrderedRetry

/** The record is tried again where it stands, and its partition waits for it: for a dependency without which no record can pass. */
export interface InPlaceRetry extends Limits {
  readonly kind: 'in-place'
  readonly backoff: Backoff
  readonly jitter: number
}

/** The record and all later ones of its key are put aside, other keys go on; they come back in order. */
export interface OrderedRetry extends Limits {
  readonly kind: 'ordered'
  readonly backoff: Backoff
  readonly jitter: number
}

export interface BackoffOptions extends LimitOptions {
  readonly delays: Delays
  /** At most this share of a delay is added to it, at random, so that what failed together is not tried together. 0 where left out. */
  readonly jitter?: number
}

/** Tried again where it stands, after each delay. The order of the partition is kept, and everything behind the record waits. */
export function inPlace (options: BackoffOptions): InPlaceRetry {
  return Object.freeze({ kind: 'in-place', ...readBackoff('inPlace', options) })
}

/** Parked, and tried again after each delay. The order of each key is kept; what waits is the record's own key. */
export function ordered (options: BackoffOptions): OrderedRetry {
  return Object.freeze({ kind: 'ordered', ...readBackoff('ordered', options) })
}

function readBackoff (policy: string, { delays, jitter = 0, ...limits }: BackoffOptions): Omit<InPlaceRetry, 'kind'> {
  const backoff = readDelays(policy, delays)
  if (!(jitter >= 0 && jitter <= 1)) throw new TypeError(`${policy}: jitter is ${jitter}; give a share from 0 to 1.`)
  return { backoff, jitter, ...readLimits(policy, limits, backoff.kind === 'listed' ? backoff.delaysMs.length : undefined) }
}
