import { readMs, type Duration } from './duration.ts'
import { classifyError } from './error-class.ts'

/** Something outside that is called and may be down. Nodes that name the same one share its breaker. */
export interface Dependency {
  readonly name: string
  readonly breaker: BreakerRules
}

export interface BreakerRules {
  readonly failureRate: number
  readonly windowMs: number
  readonly minimumCalls: number
  readonly cooldownMs: number
  readonly probes: number
  readonly isFailure: (error: unknown) => boolean
}

export interface BreakerOptions {
  /** From this share of failed calls in the window on it opens. */
  readonly failureRate?: number
  readonly window?: Duration
  /** Fewer calls in the window say nothing. So many failures in a row open it too, however many calls went well before. */
  readonly minimumCalls?: number
  /** How long nothing is called before it is tried again. */
  readonly cooldown?: Duration
  /** How many calls it is tried with, at most at once; all must go well. */
  readonly probes?: number
  /** Whether an error says that the dependency is down. Left out: what is retryable does, timeouts included; any other error is an answer. */
  readonly isFailure?: (error: unknown) => boolean
}

export function defineDependency ({ name, breaker = {} }: { readonly name: string, readonly breaker?: BreakerOptions }): Dependency {
  if (!/^[A-Za-z0-9._-]{1,63}$/.test(name)) throw new TypeError(`Dependency '${name}': a name has 1 to 63 letters, digits, '.', '_' or '-'.`)
  return Object.freeze({ name, breaker: readRules(`Dependency '${name}'`, breaker) })
}

function readRules (
  where: string,
  { failureRate = 0.5, window = '10s', minimumCalls = 10, cooldown = '5s', probes = 1, isFailure = isRetryable }: BreakerOptions
): BreakerRules {
  if (!(failureRate > 0 && failureRate <= 1)) throw new TypeError(`${where}: failureRate is ${failureRate}; give a share above 0 and up to 1.`)
  if (typeof isFailure !== 'function') throw new TypeError(`${where}: isFailure is no function.`)
  return Object.freeze({
    failureRate,
    windowMs: readMs(`${where}: window`, window),
    minimumCalls: readCount(`${where}: minimumCalls`, minimumCalls),
    cooldownMs: readMs(`${where}: cooldown`, cooldown),
    probes: readCount(`${where}: probes`, probes),
    isFailure
  })
}

function readCount (what: string, count: number): number {
  if (!Number.isSafeInteger(count) || count < 1) throw new TypeError(`${what} is ${count}; give a whole number from 1 on.`)
  return count
}

function isRetryable (error: unknown): boolean {
  return classifyError(error) === 'retryable'
}
