/** What tells the time and waits: the one way of the engine's loop to either, so that a test can move time by hand. */
export interface Clock {
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly sleep: (ms: number) => Promise<void>
  /** Runs something then; answers with how to call it off. It keeps no process alive. */
  readonly timer: (ms: number, run: () => void) => () => void
}

export const systemClock: Clock = {
  now: Date.now,
  sleep: ms => new Promise(resolve => setTimeout(resolve, ms)),
  timer (ms, run) {
    const timer = setTimeout(run, ms).unref()
    return () => clearTimeout(timer)
  }
}
