import type { Dependency } from './dependency.ts'
import { classifyError } from './error-class.ts'
import { SlidingCounts } from './sliding-counts.ts'

/**
 * closed: calls go through, and their outcomes are counted ─ too many failed ─▶ open
 * open: nothing goes through until the cooldown is over ─ a call asks after that ─▶ half-open
 * half-open: some probes go through ─ all went well ─▶ closed ─ one failed ─▶ open
 */
export type BreakerState = 'closed' | 'open' | 'half-open'

/** Leave for one call. Its outcome is told to the breaker once. */
export interface Permit {
  /** How often the breaker had changed when it was given: the outcome of a call says nothing about a later state. */
  readonly era: number
  /** When it was given. */
  readonly at: number
}

export interface Transition {
  readonly name: string
  readonly from: BreakerState
  readonly to: BreakerState
  readonly at: number
  /** Of a breaker that opens: the last error. */
  readonly error?: unknown
}

export interface BreakerListener {
  readonly changed: (transition: Transition) => void
  /** A probe ended without an outcome: another may go. */
  readonly freed: () => void
}

/**
 * Whether a dependency may be called, learnt from the calls before. It has no timer: whoever waits asks `admitsAt` when to ask again.
 *
 * Times are given by the caller, in milliseconds from 0 on, by a clock that does not go back.
 */
export class Breaker {
  readonly #dependency: Dependency
  /** Calls while it is closed. */
  readonly #calls: SlidingCounts
  /** Those since the last that went well: all of them failed. */
  readonly #run: SlidingCounts
  readonly #listeners: BreakerListener[] = []
  #state: BreakerState = 'closed'
  #era = 0
  #halfOpenAt = 0
  readonly #probes = new Set<Permit>()
  #passed = 0
  #upAtMs = -Infinity

  constructor (dependency: Dependency) {
    this.#dependency = dependency
    this.#calls = new SlidingCounts(dependency.breaker.windowMs)
    this.#run = new SlidingCounts(dependency.breaker.windowMs)
  }

  get name (): string {
    return this.#dependency.name
  }

  /** It stays open when the cooldown is over, until a call asks. */
  get state (): BreakerState {
    return this.#state
  }

  /** When the latest of the calls that went well was begun: then or later the dependency was up. */
  get upAtMs (): number {
    return this.#upAtMs
  }

  listen (listener: BreakerListener): void {
    this.#listeners.push(listener)
  }

  /** From when on a call may go, as far as is known now; undefined while that depends on the probes that are out: wait to be told. */
  admitsAt (now: number): number | undefined {
    switch (this.#state) {
      case 'closed': return now
      case 'open': return Math.max(now, this.#halfOpenAt)
      case 'half-open': return this.#hasSlot() ? now : undefined
    }
  }

  /** Leave for one call, or undefined: not now. While it is half-open a permit is one of its probes. */
  admit (now: number): Permit | undefined {
    if (this.#state === 'open' && now >= this.#halfOpenAt) this.#change('half-open', now)
    if (this.#state === 'open' || (this.#state === 'half-open' && !this.#hasSlot())) return undefined
    const permit = { era: this.#era, at: now }
    if (this.#state === 'half-open') this.#probes.add(permit)
    return permit
  }

  succeeded (permit: Permit, now: number): void {
    this.#upAtMs = Math.max(this.#upAtMs, permit.at)
    if (permit.era !== this.#era) return
    if (this.#state === 'closed') {
      this.#calls.add(now, false)
      this.#run.clear()
    } else if (this.#probes.delete(permit) && ++this.#passed >= this.#dependency.breaker.probes) {
      this.#change('closed', now)
    }
  }

  /**
   * Whether the failure counts as an attempt of its record. It does not where it says that the dependency is down: when it opens the
   * breaker, was a probe, or ends a call from before the breaker changed. An error that is an answer counts, and is a success here.
   */
  failed (permit: Permit, now: number, error: unknown): boolean {
    if (!this.#isFailure(error)) {
      this.succeeded(permit, now)
      return true
    }
    if (permit.era !== this.#era) return false
    if (this.#state === 'closed') {
      this.#calls.add(now, true)
      this.#run.add(now, true)
      if (!this.#isTooMuch(now)) return true
      this.#change('open', now, error)
    } else if (this.#probes.has(permit)) {
      this.#change('open', now, error)
    }
    return false
  }

  /** Opens it though there were too few calls for a verdict: who says so knows that none went well. False where that error is an answer, or it is open already. */
  trip (now: number, error: unknown): boolean {
    if (this.#state !== 'closed' || !this.#isFailure(error)) return false
    this.#change('open', now, error)
    return true
  }

  /** The call was given up, and nothing is known: of a probe the place is free again. */
  released (permit: Permit): void {
    if (!this.#probes.delete(permit)) return
    for (const { freed } of this.#listeners) freed()
  }

  #hasSlot (): boolean {
    return this.#probes.size + this.#passed < this.#dependency.breaker.probes
  }

  #isFailure (error: unknown): boolean {
    try {
      return this.#dependency.breaker.isFailure(error)
    } catch {
      // A mistake there must not keep the permit: without it the breaker would be half-open for ever.
      return classifyError(error) === 'retryable'
    }
  }

  #isTooMuch (now: number): boolean {
    const { failureRate, minimumCalls } = this.#dependency.breaker
    const { calls, failures } = this.#calls.within(now)
    // The run: after a second of a full outage the successes of the nine before must not keep it closed.
    return calls >= minimumCalls && (failures / calls >= failureRate || this.#run.within(now).calls >= minimumCalls)
  }

  #change (to: BreakerState, at: number, error?: unknown): void {
    const transition = { name: this.name, from: this.#state, to, at, ...(error === undefined ? {} : { error }) }
    this.#state = to
    this.#era++
    this.#passed = 0
    this.#probes.clear()
    this.#calls.clear()
    this.#run.clear()
    if (to === 'open') this.#halfOpenAt = Math.ceil(at + this.#dependency.breaker.cooldownMs)
    for (const { changed } of this.#listeners) changed(transition)
  }
}
