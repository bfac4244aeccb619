import type { Execution } from '../graph/execution.ts'
import type { Serde } from '../serdes/serde.ts'
import type { ValueAndTimestamp } from '../graph/value-getter.ts'
import { keyBytes, keyOf } from './key-bytes.ts'
import { openOrdered } from './open-ordered.ts'
import type { Ordered } from './ordered.ts'

export interface KeyValueEntry<K, V> extends ValueAndTimestamp<V> {
  readonly key: K
}

export interface Direction {
  /** From the last key to the first. */
  readonly reverse?: boolean
}

/** One value for each key, and the time it is of. Keys stand in the order of their bytes. */
export interface KeyValueStore<K, V> {
  readonly get: (key: K) => ValueAndTimestamp<V> | undefined
  readonly put: (key: K, value: V, timestamp: number) => void
  readonly delete: (key: K) => void
  /** Both ends belong to it; one that is undefined is open. */
  readonly range: (from: K | undefined, to: K | undefined, direction?: Direction) => Iterable<KeyValueEntry<K, V>>
  readonly all: (direction?: Direction) => Iterable<KeyValueEntry<K, V>>
}

export function openKeyValue<K, V> (execution: Execution, store: Ordered<V>, key: Serde<K>): KeyValueStore<K, V> {
  const entries = openOrdered(execution, store)
  const range: KeyValueStore<K, V>['range'] = function * (from, to, direction = {}) {
    const first = from === undefined ? '' : keyBytes(key, from)
    // The key that follows a key at once is that key and a zero byte.
    const end = to === undefined ? undefined : `${keyBytes(key, to)}\0`
    for (const entry of entries.range(first, end, direction)) yield { key: keyOf(key, entry.key), value: entry.value, timestamp: entry.timestamp }
  }
  return {
    get: each => entries.get(keyBytes(key, each)),
    put: (each, value, timestamp) => entries.put(keyBytes(key, each), value, timestamp),
    delete: each => entries.delete(keyBytes(key, each)),
    range,
    all: direction => range(undefined, undefined, direction)
  }
}
