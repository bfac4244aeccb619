import type { Serde } from '../../serdes/serde.ts'
import { openKeyValue, type KeyValueEntry } from '../key-value.ts'
import { behindPrefix, keyBytes, keyOf } from '../key-bytes.ts'
import { openOrdered } from '../open-ordered.ts'
import { defineOrdered } from '../ordered.ts'
import type { ValueAndTimestamp } from '../../graph/value-getter.ts'
import { found } from './found.ts'
import type { StateStore } from './state-store.ts'

/** Keys stand in the order of their bytes. */
export interface KeyValueStateStore<K, V> {
  readonly get: (key: K) => ValueAndTimestamp<V> | undefined
  /** null deletes. */
  readonly put: (key: K, value: V | null, timestamp: number) => void
  /** Answers with what was there, and then changes nothing. */
  readonly putIfAbsent: (key: K, value: V | null, timestamp: number) => ValueAndTimestamp<V> | undefined
  /** Answers with what was there. */
  readonly delete: (key: K) => ValueAndTimestamp<V> | undefined
  /** Both ends belong to it; one that is undefined is open. */
  readonly range: (from: K | undefined, to: K | undefined) => Iterable<KeyValueEntry<K, V>>
  readonly reverseRange: (from: K | undefined, to: K | undefined) => Iterable<KeyValueEntry<K, V>>
  readonly all: () => Iterable<KeyValueEntry<K, V>>
  readonly reverseAll: () => Iterable<KeyValueEntry<K, V>>
  /** Entries whose keys' bytes begin with those of the prefix. */
  readonly prefixScan: <P>(prefix: P, serde: Serde<P>) => Iterable<KeyValueEntry<K, V>>
}

/** One value for each key, with the time it is of; Kafka Streams' `timestampedKeyValueStoreBuilder`. Its name is its table. */
export function defineKeyValueStateStore<K, V> ({ name, key, value }: { readonly name: string, readonly key: Serde<K>, readonly value: Serde<V> }): StateStore<KeyValueStateStore<K, V>> {
  const rows = defineOrdered({ name, value, expires: false, contents: { shape: 'key-value', key, value }, reading: { shape: 'key-value', key } })
  return Object.freeze({
    kind: 'state-store',
    name,
    stores: [rows],
    open (execution) {
      const store = openKeyValue(execution, rows, key)
      const entries = openOrdered(execution, rows)
      const put: KeyValueStateStore<K, V>['put'] = (each, newValue, timestamp) => newValue === null ? store.delete(each) : store.put(each, newValue, timestamp)
      return {
        get: each => found(store.get(each)),
        put,
        putIfAbsent (each, newValue, timestamp) {
          const existing = found(store.get(each))
          if (existing === undefined) put(each, newValue, timestamp)
          return existing
        },
        delete (each) {
          const existing = found(store.get(each))
          store.delete(each)
          return existing
        },
        range: (from, to) => store.range(from, to),
        reverseRange: (from, to) => store.range(from, to, { reverse: true }),
        all: () => store.all(),
        reverseAll: () => store.all({ reverse: true }),
        * prefixScan (prefix, serde) {
          const first = keyBytes(serde, prefix)
          for (const entry of entries.range(first, behindPrefix(first))) yield { key: keyOf(key, entry.key), value: entry.value, timestamp: entry.timestamp }
        }
      }
    }
  } satisfies StateStore<KeyValueStateStore<K, V>>)
}
