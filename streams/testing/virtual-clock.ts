import type { Clock } from '../clock.ts'

/** A wall clock that stands still until it is moved. */
export class VirtualClock implements Clock {
  #now: number
  /** In the order in which they were set. */
  #timers: { readonly at: number, readonly run: () => void }[] = []

  constructor (startAt: number) {
    this.#now = startAt
  }

  readonly now = (): number => this.#now

  /** The loop sleeps only where something is away, and nothing here comes back by itself: whoever waits for it would wait for ever. */
  readonly sleep = async (ms: number): Promise<void> => {
    throw new Error(`The engine would wait ${Math.ceil(ms)} ms and try again.`)
  }

  readonly timer = (ms: number, run: () => void): (() => void) => {
    const timer = { at: this.#now + ms, run }
    this.#timers.push(timer)
    return () => { this.#timers = this.#timers.filter(each => each !== timer) }
  }

  /** The process died: nothing of it is done later. */
  forget (): void {
    this.#timers = []
  }

  /** At once: what is due then finds the new time, the earliest first. */
  advance (ms: number): void {
    if (!Number.isFinite(ms) || ms < 0) throw new RangeError(`The wall clock was to be moved by ${ms} ms; it only goes forward.`)
    this.#now += ms
    const due = this.#timers.filter(({ at }) => at <= this.#now).sort((a, b) => a.at - b.at)
    this.#timers = this.#timers.filter(({ at }) => at > this.#now)
    for (const { run } of due) run()
  }
}
