import type { Serde } from '../../serdes/serde.ts'
import { openVersioned, type ValidTo, type VersionedRecord } from '../open-versioned.ts'
import { defineVersioned } from '../versioned.ts'
import type { StateStore } from './state-store.ts'

export interface VersionedStateStore<K, V> {
  /** The latest value, or with a time what was valid then, as far back as the history goes. */
  readonly get: (key: K, asOf?: number) => VersionedRecord<V> | undefined
  /** null: from then on there is no value. What comes too late for the history is dropped, and counted. */
  readonly put: (key: K, value: V | null, timestamp: number) => ValidTo
  /** As `put` of null; answers with what was valid then. */
  readonly delete: (key: K, timestamp: number) => VersionedRecord<V> | undefined
}

/** For each key also what was valid before; Kafka Streams' `versionedKeyValueStoreBuilder`. Its name is its table. */
export function defineVersionedStateStore<K, V> (
  { name, key, value, historyRetentionMs }: { readonly name: string, readonly key: Serde<K>, readonly value: Serde<V>, readonly historyRetentionMs: number }
): StateStore<VersionedStateStore<K, V>> {
  const versioned = defineVersioned({ name, key, value, historyRetentionMs, reading: { shape: 'versioned', key, historyRetentionMs } })
  return Object.freeze({
    kind: 'state-store',
    name,
    stores: [versioned.entries],
    open (execution, node) {
      const store = openVersioned(execution, node, versioned, key)
      return {
        get: (each, asOf) => asOf === undefined ? store.get(each) : store.getAsOf(each, asOf),
        put: store.put,
        delete: store.delete
      }
    }
  } satisfies StateStore<VersionedStateStore<K, V>>)
}
