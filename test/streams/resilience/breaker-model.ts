import type { BreakerState } from '../../../streams/resilience/breaker.ts'
import type { BreakerRules } from '../../../streams/resilience/dependency.ts'

interface Call {
  readonly stay: number
  outcome: 'out' | 'well' | 'failed' | 'released'
  endedAt: number
}

/** What a breaker is to be, told from the list of all calls each time anew. */
export class BreakerModel {
  state: BreakerState
  readonly #rules: BreakerRules
  readonly #calls: Call[] = []
  /** In the order in which they ended. */
  readonly #ended: Call[] = []
  #stay = 0
  #openedAt = 0

  constructor (state: BreakerState, rules: BreakerRules) {
    this.state = state
    this.#rules = rules
  }

  admitsAt (now: number): number | undefined {
    if (this.state === 'closed') return now
    if (this.state === 'open') return Math.max(now, this.#openedAt + this.#rules.cooldownMs)
    return this.#spoken() < this.#rules.probes ? now : undefined
  }

  admit (now: number): number | undefined {
    if (this.admitsAt(now) !== now) return undefined
    if (this.state === 'open') this.#go('half-open')
    this.#calls.push({ stay: this.#stay, outcome: 'out', endedAt: NaN })
    return this.#calls.length - 1
  }

  trip (now: number): boolean {
    if (this.state !== 'closed') return false
    this.#open(now)
    return true
  }

  end (index: number, how: string, now: number): boolean | undefined {
    const call = this.#calls[index]
    if (call === undefined) throw new RangeError(`There is no call ${index}.`)
    call.outcome = how === 'fail' ? 'failed' : how === 'release' ? 'released' : 'well'
    call.endedAt = now
    this.#ended.push(call)
    const counts = this.state === 'closed' && call.stay === this.#stay
    if (call.stay === this.#stay) this.#move(call, now)
    if (how === 'answer') return true
    return how === 'fail' ? counts && this.state === 'closed' : undefined
  }

  #move (call: Call, now: number): void {
    const failed = call.outcome === 'failed'
    if (this.state === 'half-open') {
      if (failed) this.#open(now)
      else if (this.#here().filter(({ outcome }) => outcome === 'well').length === this.#rules.probes) this.#go('closed')
    } else if (failed && this.#isTooMuch(now)) {
      this.#open(now)
    }
  }

  #isTooMuch (now: number): boolean {
    const step = (time: number): number => Math.floor(time / (this.#rules.windowMs / 10))
    const ended = this.#ended.filter(({ stay, outcome, endedAt }) => stay === this.#stay && outcome !== 'released' && step(endedAt) > step(now) - 10)
    const failures = ended.filter(({ outcome }) => outcome === 'failed').length
    const run = ended.length - 1 - ended.findLastIndex(({ outcome }) => outcome === 'well')
    const { minimumCalls, failureRate } = this.#rules
    return (ended.length >= minimumCalls && failures / ended.length >= failureRate) || run >= minimumCalls
  }

  #spoken (): number {
    return this.#here().filter(({ outcome }) => outcome === 'out' || outcome === 'well').length
  }

  #here (): Call[] {
    return this.#calls.filter(({ stay }) => stay === this.#stay)
  }

  #open (now: number): void {
    this.#go('open')
    this.#openedAt = now
  }

  #go (state: BreakerState): void {
    this.state = state
    this.#stay++
  }
}
