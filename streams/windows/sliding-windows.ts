import { checkMs } from './durations.ts'

/** Windows that end at a record or begin right behind one, so that every set of records within the difference is in one of them. Both ends are inclusive. */
export interface SlidingWindows {
  readonly type: 'sliding'
  readonly timeDifferenceMs: number
  readonly graceMs: number
}

export function slidingWindows ({ timeDifferenceMs, graceMs = 0 }: { readonly timeDifferenceMs: number, readonly graceMs?: number }): SlidingWindows {
  checkMs('slidingWindows', 'timeDifferenceMs', timeDifferenceMs, 0)
  checkMs('slidingWindows', 'graceMs', graceMs, 0)
  return Object.freeze({ type: 'sliding', timeDifferenceMs, graceMs })
}
