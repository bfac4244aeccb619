import type { WindowEntry } from '../../stores/window-store.ts'
import type { ValueAndTimestamp } from '../value-getter.ts'

/** What a record does to one window. */
export interface SlidingStep<V> {
  readonly start: number
  /** What the window holds without the record; undefined: nothing. */
  readonly base: ValueAndTimestamp<V> | undefined
  readonly isNew: boolean
  /** False for the window right behind the record: it is made because of the record, and does not hold it. */
  readonly holdsRecord: boolean
}

/** The windows of a record's key that start within the range, both inclusive. */
type Fetch<V> = (from: number, to: number, options: { readonly reverse: boolean }) => Iterable<WindowEntry<V>>

/**
 * A record belongs to the windows that are there and hold its time, to the one that ends with it, and to the one that begins
 * behind the record before it; and it makes one that begins behind itself, if other records are in there. In the order in which
 * Kafka Streams changes them.
 */
export function slidingSteps<V> (timestamp: number, differenceMs: number, fetch: Fetch<V>): readonly SlidingStep<V>[] {
  // A window cannot start before 0; all that would are the one that starts there.
  return timestamp < differenceMs ? earlySteps(timestamp, fetch) : regularSteps(timestamp, differenceMs, fetch)
}

function regularSteps<V> (timestamp: number, differenceMs: number, fetch: Fetch<V>): SlidingStep<V>[] {
  const steps: SlidingStep<V>[] = []
  let hasLeft = false
  let hasRight = false
  let right: ValueAndTimestamp<V> | undefined
  let left: WindowEntry<V> | undefined
  /** Of the record before this one. */
  let previous: number | undefined
  const starts = new Set<number>()
  for (const window of fetch(timestamp - 2 * differenceMs, timestamp + 1, { reverse: true })) {
    const end = window.start + differenceMs
    starts.add(window.start)
    if (window.start === timestamp + 1) {
      hasRight = true
    } else if (end > timestamp) {
      right ??= window
      steps.push(update(window))
    } else if (end === timestamp) {
      hasLeft = true
      steps.push(update(window))
      // Not the first record of this time: it has made all the windows that this one could make.
      if (window.timestamp >= timestamp) return steps
      previous = window.timestamp
    } else {
      left = window
      previous = window.timestamp
      break
    }
  }
  if (previous !== undefined && !starts.has(previous + 1) && previous + 1 + differenceMs >= timestamp) steps.push(create(previous + 1))
  if (!hasLeft) {
    const leftIsEmpty = previous === undefined || previous < timestamp - differenceMs
    steps.push(create(timestamp - differenceMs, leftIsEmpty ? undefined : left))
  }
  if (!hasRight && right !== undefined && right.timestamp > timestamp) steps.push(createBehind(timestamp, right))
  return steps
}

function earlySteps<V> (timestamp: number, fetch: Fetch<V>): SlidingStep<V>[] {
  const steps: SlidingStep<V>[] = []
  let hasRight = false
  let right: ValueAndTimestamp<V> | undefined
  let first: WindowEntry<V> | undefined
  const starts = new Set<number>()
  for (const window of fetch(0, timestamp + 1, { reverse: false })) {
    starts.add(window.start)
    if (window.start === 0) {
      first = window
    } else if (window.start <= timestamp) {
      right = window
      steps.push(update(window))
    } else {
      hasRight = true
    }
  }
  // Without another window that holds this time, what is later than the record has all its records in the first window.
  if (right === undefined && first !== undefined && first.timestamp > timestamp) right = first
  if (!hasRight && right !== undefined && right.timestamp > timestamp) steps.push(createBehind(timestamp, right))
  if (first !== undefined && first.timestamp < timestamp && !starts.has(first.timestamp + 1)) steps.push(create(first.timestamp + 1))
  steps.push(first === undefined ? create(0) : update(first))
  return steps
}

function update<V> (window: WindowEntry<V>): SlidingStep<V> {
  return { start: window.start, base: window, isNew: false, holdsRecord: true }
}

function create<V> (start: number, base?: ValueAndTimestamp<V>): SlidingStep<V> {
  return { start, base, isNew: true, holdsRecord: true }
}

function createBehind<V> (timestamp: number, base: ValueAndTimestamp<V>): SlidingStep<V> {
  return { start: timestamp + 1, base, isNew: true, holdsRecord: false }
}
