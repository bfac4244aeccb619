import type { ValueAndTimestamp } from '../../graph/value-getter.ts'
import type { Serde } from '../../serdes/serde.ts'
import { defineWindowStore, type WindowEntry } from '../window-store.ts'
import { found } from './found.ts'
import type { StateStore } from './state-store.ts'

export interface WindowStateStore<K, V> {
  readonly put: (key: K, value: V | null, start: number, timestamp: number) => void
  readonly fetch: {
    (key: K, start: number): ValueAndTimestamp<V> | undefined
    /** The windows that start within the range, both inclusive, by start. */
    (key: K, from: number, to: number): Iterable<WindowEntry<V>>
  }
  /** As `fetch` of a range, the latest first. */
  readonly backwardFetch: (key: K, from: number, to: number) => Iterable<WindowEntry<V>>
  /** Windows of all keys: the keys in the order of their stored form, the windows of each by start. */
  readonly all: () => Iterable<WindowEntry<V> & { readonly key: K }>
}

/** A value per key and start of a window; Kafka Streams' `timestampedWindowStoreBuilder`. What starts a retention before the latest start that was put is gone. Its name is its table. */
export function defineWindowStateStore<K, V> (
  { name, key, value, retentionMs, sizeMs }:
  { readonly name: string, readonly key: Serde<K>, readonly value: Serde<V>, readonly retentionMs: number, readonly sizeMs: number }
): StateStore<WindowStateStore<K, V>> {
  const windows = defineWindowStore({ name, key, value, retentionMs, sizeMs, caching: false, isNamed: true })
  return Object.freeze({
    kind: 'state-store',
    name,
    stores: windows.stores,
    open (execution) {
      const store = windows.open(execution)
      function fetch (sought: K, start: number): ValueAndTimestamp<V> | undefined
      function fetch (sought: K, from: number, to: number): Iterable<WindowEntry<V>>
      function fetch (sought: K, from: number, to?: number): ValueAndTimestamp<V> | undefined | Iterable<WindowEntry<V>> {
        return to === undefined ? found(store.fetch(sought, from)) : store.fetchRange(sought, from, to)
      }
      return {
        put (changed, newValue, start, timestamp) {
          store.put(changed, start, newValue, timestamp)
          store.expire()
        },
        fetch,
        backwardFetch: (sought, from, to) => store.fetchRange(sought, from, to, { reverse: true }),
        all: store.all
      }
    }
  } satisfies StateStore<WindowStateStore<K, V>>)
}
