import { delayAfter } from './backoff.ts'
import { detour, type DelayTopicsRetry, type Detour } from './delay-topics.ts'
import { judge, type ErrorClass } from './error-class.ts'
import type { InPlaceRetry, OrderedRetry, RetryPolicy } from './retry.ts'

/** An attempt that failed, and counts: one that failed because a breaker is open, half-open or tripping is not asked about. */
export interface Failure {
  readonly error: unknown
  /** How many attempts have failed, this one included. */
  readonly attempt: number
  /** In milliseconds, as `now`. Who does not want the time of an outage to count as age moves it on by that. */
  readonly firstFailedAt: number
  readonly now: number
  /** From 0 to below 1, for jitter. */
  readonly random: number
}

/**
 * again: here, after that many milliseconds · delay: to that delay topic · park: with its key, until then · dead-letter · fatal: stop.
 *
 * No time in it is earlier than the policy and `retryAfterMs` ask for.
 */
export type Decision =
  | { readonly kind: 'again', readonly afterMs: number }
  | { readonly kind: 'delay' } & Detour
  | { readonly kind: 'park', readonly dueAt: number }
  | { readonly kind: 'dead-letter', readonly class: ErrorClass, readonly reason: 'poison' | 'exhausted' | 'too-old' }
  | { readonly kind: 'fatal' }

/** What becomes of a record whose attempt failed. The same failure is decided the same way, however often it is asked about. */
export function decide (policy: RetryPolicy, failure: Failure): Decision {
  const { error, attempt } = failure
  // Whoever reads the count from a header has to bound it: a wrong one would be a wrong delay, or none.
  if (!Number.isSafeInteger(attempt) || attempt < 1) throw new RangeError(`${attempt} attempts have failed, it says; it must be a whole number from 1 on.`)
  const { class: errorClass, retryAfterMs = 0 } = judge(error, policy.classify)
  if (errorClass === 'fatal') return { kind: 'fatal' }
  if (errorClass === 'poison') return { kind: 'dead-letter', class: errorClass, reason: 'poison' }
  if (attempt >= policy.attempts) return { kind: 'dead-letter', class: errorClass, reason: 'exhausted' }
  return policy.kind === 'delay-topics' ? send(policy, failure, retryAfterMs) : wait(policy, failure, retryAfterMs)
}

function wait (policy: InPlaceRetry | OrderedRetry, failure: Failure, retryAfterMs: number): Decision {
  const delayMs = delayAfter(policy.backoff, failure.attempt) * (1 + policy.jitter * failure.random)
  const afterMs = Math.ceil(Math.max(delayMs, retryAfterMs))
  const dueAt = Math.ceil(failure.now + afterMs)
  if (isTooLate(policy, failure, dueAt)) return TOO_OLD
  return policy.kind === 'in-place' ? { kind: 'again', afterMs } : { kind: 'park', dueAt }
}

function send (policy: DelayTopicsRetry, failure: Failure, retryAfterMs: number): Decision {
  const from = Math.min(failure.attempt, policy.delays.length) - 1
  const way = detour(policy, { from, waitMs: retryAfterMs, now: failure.now })
  return isTooLate(policy, failure, way.dueAt) ? TOO_OLD : { kind: 'delay', ...way }
}

function isTooLate ({ maxAgeMs }: RetryPolicy, { firstFailedAt, now }: Failure, dueAt: number): boolean {
  // A first failure that lies in the future was read from a clock that is ahead of ours.
  return dueAt - Math.min(firstFailedAt, now) > maxAgeMs
}

const TOO_OLD: Decision = Object.freeze({ kind: 'dead-letter', class: 'retryable', reason: 'too-old' })
