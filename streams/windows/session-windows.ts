import { checkMs } from './durations.ts'

/** Windows that grow with their records: two records of a key that are no further apart than the gap are in one. Both ends are inclusive. */
export interface SessionWindows {
  readonly type: 'session'
  readonly inactivityGapMs: number
  readonly graceMs: number
}

export function sessionWindows ({ inactivityGapMs, graceMs = 0 }: { readonly inactivityGapMs: number, readonly graceMs?: number }): SessionWindows {
  checkMs('sessionWindows', 'inactivityGapMs', inactivityGapMs, 1)
  checkMs('sessionWindows', 'graceMs', graceMs, 0)
  return Object.freeze({ type: 'session', inactivityGapMs, graceMs })
}
