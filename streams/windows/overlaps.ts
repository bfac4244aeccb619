import type { Window } from './windowed.ts'

/** Of a time window the end is the first ms behind it, of a session it is its last ms; sliding windows are compared as time windows. */
export interface WindowOfType extends Window {
  readonly type: 'time' | 'session' | 'unlimited'
}

/** Whether two windows of one type share a millisecond. */
export function overlaps (one: WindowOfType, other: WindowOfType): boolean {
  if (one.type !== other.type) {
    throw new TypeError(`A ${one.type} window [${one.start}, ${one.end}] was compared with a ${other.type} window [${other.start}, ${other.end}]; only windows of one type can be.`)
  }
  switch (checked(one).type) {
    case 'time': return one.start < checked(other).end && other.start < one.end
    case 'session': return one.start <= checked(other).end && other.start <= one.end
    case 'unlimited': return true
  }
}

function checked (window: WindowOfType): WindowOfType {
  const { type, start, end } = window
  if (start < 0) throw new RangeError(`A ${type} window starts at ${start}; it must be 0 or more.`)
  if (type === 'time' ? end <= start : end < start) {
    throw new RangeError(`A ${type} window ends at ${end} and starts at ${start}; it must ${type === 'time' ? 'end after it starts' : 'not end before it starts'}.`)
  }
  return window
}
