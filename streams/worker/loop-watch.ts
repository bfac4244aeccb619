/** How often a watchdog looks. */
export const TICK_MS = 100

/**
 * Counts, at each tick, for how many ticks the same record has been running; true once it is too many. A machine that slept
 * or a process that was stopped did not tick meanwhile, so its time does not count.
 */
export function createLoopWatch (limitTicks: number): (run: number | undefined) => boolean {
  let watched: number | undefined
  let ticks = 0
  return run => {
    ticks = run === watched ? ticks + 1 : 0
    watched = run
    return run !== undefined && ticks >= limitTicks
  }
}
