/** In so many steps a window moves on: what it forgets at once is a tenth of it. */
const STEPS = 10

/** How many calls there were and how many failed within a window that ends now. As large as it is, however many calls there are. */
export class SlidingCounts {
  readonly #stepMs: number
  readonly #steps = Array.from({ length: STEPS }, () => ({ number: -Infinity, calls: 0, failures: 0 }))

  constructor (windowMs: number) {
    this.#stepMs = windowMs / STEPS
  }

  /** `now` must not go back. */
  add (now: number, failed: boolean): void {
    const number = Math.floor(now / this.#stepMs)
    const step = this.#steps[number % STEPS]
    if (step === undefined) throw new RangeError(`A call ended at ${now}; time is a number of milliseconds from 0 on.`)
    if (step.number !== number) Object.assign(step, { number, calls: 0, failures: 0 })
    step.calls++
    if (failed) step.failures++
  }

  within (now: number): { readonly calls: number, readonly failures: number } {
    const oldest = Math.floor(now / this.#stepMs) - STEPS
    let calls = 0
    let failures = 0
    for (const step of this.#steps) {
      if (step.number <= oldest) continue
      calls += step.calls
      failures += step.failures
    }
    return { calls, failures }
  }

  clear (): void {
    for (const step of this.#steps) step.number = -Infinity
  }
}
