import { orderedWriter } from '../graph/ordered-writer.ts'
import type { Execution } from '../graph/execution.ts'
import type { Serde } from '../serdes/serde.ts'
import type { ValueAndTimestamp, ValueGetterSupplier } from '../graph/value-getter.ts'
import { keyOfBytes } from './ordered-keys.ts'
import { defineOrdered, type Ordered } from './ordered.ts'

/** What an aggregate needs of the store of its rows. */
export interface KeyValueStore<K, V> {
  readonly name: string
  readonly stores: readonly Ordered<unknown>[]
  /** Several changes of a row by one input record go on as one. */
  readonly caching: boolean
  readonly open: (execution: Execution) => OpenKeyValueStore<K, V>
}

export interface OpenKeyValueStore<K, V> {
  readonly storeKey: (key: K) => string
  readonly get: (key: K) => ValueAndTimestamp<V> | undefined
  /** null deletes. What it answers only a store of versions says otherwise: an old version is not the latest, and too old a one is not kept. */
  readonly put: (key: K, value: V | null, timestamp: number) => 'latest' | 'older' | 'not-put'
}

export interface TimestampedStore<K, V> extends KeyValueStore<K, V> {
  readonly getter: ValueGetterSupplier<K, V>
}

/** One value per key, and its timestamp. */
export function defineTimestampedStore<K, V> (
  { name, key, value, caching = true }: { readonly name: string, readonly key: Serde<K>, readonly value: Serde<V>, readonly caching?: boolean }
): TimestampedStore<K, V> {
  const rows = defineOrdered({ name, value })
  const open = (execution: Execution): OpenKeyValueStore<K, V> => {
    const writer = orderedWriter(execution, rows)
    const storeKey = (sought: K): string => keyOfBytes(key.encode(sought))
    return {
      storeKey,
      get: sought => writer.get(storeKey(sought)),
      put (changed, newValue, timestamp) {
        if (newValue === null) writer.delete(storeKey(changed))
        else writer.put(storeKey(changed), newValue, timestamp)
        return 'latest'
      }
    }
  }
  const stores = [rows]
  return Object.freeze({
    name, caching, stores, open, getter: { stores, open: (execution: Execution) => ({ get: open(execution).get, getAsOf: undefined }) }
  })
}
