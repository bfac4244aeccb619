import { checkMs } from './durations.ts'
import type { Window } from './windowed.ts'

/** Windows of one size that begin at the multiples of the advance, counted from 1970. The end is the first ms after a window. */
export interface TimeWindows {
  readonly type: 'time'
  readonly sizeMs: number
  readonly advanceMs: number
  readonly graceMs: number
  /** The windows that hold a timestamp, the earliest first. */
  readonly windowsFor: (timestamp: number) => readonly Window[]
}

/** Tumbling windows, or hopping ones with an advance below the size. */
export function timeWindows (
  { sizeMs, advanceMs = sizeMs, graceMs = 0 }: { readonly sizeMs: number, readonly advanceMs?: number, readonly graceMs?: number }
): TimeWindows {
  checkMs('timeWindows', 'sizeMs', sizeMs, 1)
  checkMs('timeWindows', 'advanceMs', advanceMs, 1)
  checkMs('timeWindows', 'graceMs', graceMs, 0)
  if (advanceMs > sizeMs) {
    throw new RangeError(`timeWindows: advanceMs is ${advanceMs} and sizeMs ${sizeMs}; with an advance above the size, records would fall between the windows.`)
  }
  return Object.freeze({
    type: 'time',
    sizeMs,
    advanceMs,
    graceMs,
    windowsFor (timestamp: number) {
      const windows: Window[] = []
      const first = Math.floor(Math.max(0, timestamp - sizeMs + advanceMs) / advanceMs) * advanceMs
      for (let start = first; start <= timestamp; start += advanceMs) windows.push({ start, end: start + sizeMs })
      return windows
    }
  })
}
