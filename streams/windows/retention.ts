import type { SessionWindows } from './session-windows.ts'
import type { SlidingWindows } from './sliding-windows.ts'
import type { TimeWindows } from './time-windows.ts'
import { NEVER, type UnlimitedWindows } from './unlimited-windows.ts'

type AggregateWindows = TimeWindows | SlidingWindows | SessionWindows | UnlimitedWindows

/** How long the store of an aggregate keeps its windows: as asked, else as long as records may still reach one. Less than that is refused. */
export function retentionOf (store: string, windows: AggregateWindows, retentionMs?: number): number {
  const least = leastRetention(windows)
  const asked = retentionMs ?? least
  if (!Number.isSafeInteger(asked)) throw new TypeError(`Store '${store}': retentionMs is ${asked}; give a whole number of milliseconds.`)
  if (asked < least) {
    throw new RangeError(`Store '${store}': retentionMs is ${asked}; its windows can be reached for ${least} ms, grace included: keep them at least so long.`)
  }
  return asked
}

function leastRetention (windows: AggregateWindows): number {
  switch (windows.type) {
    case 'time': return windows.sizeMs + windows.graceMs
    case 'sliding': return 2 * windows.timeDifferenceMs + windows.graceMs
    case 'session': return windows.inactivityGapMs + windows.graceMs
    case 'unlimited': return NEVER
  }
}
