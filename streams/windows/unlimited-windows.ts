import { checkMs } from './durations.ts'
import type { Window } from './windowed.ts'

/** One window, from a time on. It never closes. */
export interface UnlimitedWindows {
  readonly type: 'unlimited'
  readonly startMs: number
  readonly graceMs: 0
  readonly windowsFor: (timestamp: number) => readonly Window[]
}

/** An end that no record reaches, and that can still be reckoned with. */
export const NEVER = Number.MAX_SAFE_INTEGER

export function unlimitedWindows ({ startMs = 0 }: { readonly startMs?: number } = {}): UnlimitedWindows {
  checkMs('unlimitedWindows', 'startMs', startMs, 0)
  const all = [Object.freeze({ start: startMs, end: NEVER })]
  return Object.freeze({ type: 'unlimited', startMs, graceMs: 0, windowsFor: (timestamp: number) => timestamp >= startMs ? all : [] })
}
