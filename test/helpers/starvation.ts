import { readFileSync } from 'node:fs'

/** How long a process had waited for a processor until then, in milliseconds. */
export interface Wait {
  readonly at: number
  readonly waitedMs: number
}

const EVERY_MS = 50

/** Says again and again how long this process' main thread has waited for a processor since it began. Where the system does not know (it is not Linux) it says nothing. */
export function watchStarvation (say: (wait: Wait) => void): () => void {
  const timer = setInterval(() => {
    const waitedMs = waitedSoFarMs()
    if (waitedMs !== undefined) say({ at: Date.now(), waitedMs })
  }, EVERY_MS)
  timer.unref()
  return () => clearInterval(timer)
}

/** How much of the time between the two it waited, by what was said before the one and after the other. */
export function waitedBetween (waits: readonly Wait[], from: number, to: number): number {
  const before = waits.findLast(({ at }) => at <= from) ?? waits[0]
  const after = waits.find(({ at }) => at >= to) ?? waits.at(-1)
  return before === undefined || after === undefined ? 0 : Math.max(0, after.waitedMs - before.waitedMs)
}

function waitedSoFarMs (): number | undefined {
  try {
    // Nanoseconds: on a processor, and ready to run without one.
    const [, waitedNs] = readFileSync('/proc/self/schedstat', 'latin1').split(' ')
    return waitedNs === undefined ? undefined : Number(waitedNs) / 1e6
  } catch {
    return undefined
  }
}
