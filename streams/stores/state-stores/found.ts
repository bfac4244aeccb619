import type { ValueAndTimestamp } from '../../graph/value-getter.ts'

/** What was found, without how it is kept. */
export function found<V> (entry: ValueAndTimestamp<V> | undefined): ValueAndTimestamp<V> | undefined {
  return entry && { value: entry.value, timestamp: entry.timestamp }
}
