import type { Clock } from '../clock.ts'

/** A wall clock that stands still until it is moved. */
export class VirtualClock implements Clock {
  #now: number

  constructor (startAt: number) {
    this.#now = startAt
  }

  readonly now = (): number => this.#now

  /** The loop sleeps only where something is away, and nothing here comes back by itself: whoever waits for it would wait for ever. */
  readonly sleep = async (ms: number): Promise<void> => {
    throw new Error(`The engine would wait ${Math.ceil(ms)} ms and try again.`)
  }

  advance (ms: number): void {
    if (!Number.isFinite(ms) || ms < 0) throw new RangeError(`The wall clock was to be moved by ${ms} ms; it only goes forward.`)
    this.#now += ms
  }
}
