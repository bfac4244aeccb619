/** What tells the time and waits: the one way of the engine's loop to either, so that a test can move time by hand. */
export interface Clock {
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** No shorter, and as little longer as can be. */
  readonly sleep: (ms: number) => Promise<void>
  /** Runs something then, and not before; answers with how to call it off. It keeps no process alive. */
  readonly timer: (ms: number, run: () => void) => () => void
}

export const systemClock: Clock = {
  now: Date.now,
  sleep: ms => new Promise(resolve => setTimeout(resolve, notBefore(ms))),
  timer (ms, run) {
    const timer = setTimeout(run, notBefore(ms)).unref()
    return () => clearTimeout(timer)
  }
}

/** Node counts in whole milliseconds, from one that has begun already: its timers come up to one too early. */
function notBefore (ms: number): number {
  return Math.ceil(ms) + 1
}
