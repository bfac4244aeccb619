import { checkMs } from './durations.ts'

/** How far apart two records may be to be joined. Before and after are seen from the left record; both ends are inclusive. */
export interface JoinWindows {
  readonly type: 'join'
  readonly beforeMs: number
  readonly afterMs: number
  readonly graceMs: number
}

/** `beforeMs` and `afterMs` take the place of the difference on their side. They may be negative, as long as something is left between them. */
export function joinWindows (
  { timeDifferenceMs, graceMs = 0, beforeMs = timeDifferenceMs, afterMs = timeDifferenceMs }:
  { readonly timeDifferenceMs: number, readonly graceMs?: number, readonly beforeMs?: number, readonly afterMs?: number }
): JoinWindows {
  checkMs('joinWindows', 'timeDifferenceMs', timeDifferenceMs, 0)
  checkMs('joinWindows', 'graceMs', graceMs, 0)
  checkMs('joinWindows', 'beforeMs', beforeMs, Number.MIN_SAFE_INTEGER)
  checkMs('joinWindows', 'afterMs', afterMs, Number.MIN_SAFE_INTEGER)
  if (afterMs < -beforeMs) {
    throw new RangeError(`joinWindows: beforeMs is ${beforeMs} and afterMs ${afterMs}; the window would end before it begins.`)
  }
  return Object.freeze({ type: 'join', beforeMs, afterMs, graceMs })
}

/** The timestamps of the other side that a record joins, both inclusive. */
export function joinBounds ({ beforeMs, afterMs }: JoinWindows, side: 'left' | 'right', timestamp: number): { readonly from: number, readonly to: number } {
  return side === 'left'
    ? { from: timestamp - beforeMs, to: timestamp + afterMs }
    : { from: timestamp - afterMs, to: timestamp + beforeMs }
}
