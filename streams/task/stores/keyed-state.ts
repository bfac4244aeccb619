import QuickLRU from 'quick-lru'
import type { Static, TSchema } from 'typebox'
import { joinKey, type KeyColumns, type KeyOf } from '../../stores/columns.ts'
import type { Keyed, KeyedWriter } from '../../stores/keyed.ts'
import { CACHED_KEYS, MissingKeys, type RecordScope, type StoreState } from './store-state.ts'

interface Versioned<T> {
  readonly version: number
  readonly value: T | undefined
}

interface Put<T> {
  readonly value: T | undefined
  /** What the write compares; the version of a value that the unit before is still writing is known when that is committed. */
  readonly expected: number | undefined
}

export function openKeyedState<K extends KeyColumns, V extends TSchema> (
  store: Keyed<K, V>, { journal, mode, reads }: RecordScope
): StoreState & { readonly writer: KeyedWriter<K, V> } {
  type Value = Static<V>
  let current = new Map<string, Put<Value>>()
  let sealed = new Map<string, Put<Value>>()
  const cache = new QuickLRU<string, Versioned<Value>>({ maxSize: CACHED_KEYS })
  const missing = new MissingKeys(mode)

  const find = (key: string): Put<Value> => {
    reads.lookups++
    const written = current.get(key)
    if (written !== undefined) return written
    const inFlight = sealed.get(key)
    if (inFlight !== undefined) return { value: inFlight.value, expected: undefined }
    const cached = cache.get(key)
    if (cached !== undefined) return { value: cached.value, expected: cached.version }
    missing.add(key)
    return { value: undefined, expected: 0 }
  }
  const put = (key: KeyOf<K>, value: Value | undefined): void => {
    const joined = joinKey(store.key, key)
    journal.set(current, joined, { value, expected: find(joined).expected }, current.get(joined))
  }
  return {
    store,
    writer: {
      get: key => find(joinKey(store.key, key)).value,
      put,
      delete: key => put(key, undefined)
    },
    takeMissing () {
      const keys = missing.take()
      return keys === undefined ? undefined : { store, keys }
    },
    firstMisled: ({ found }) => missing.firstAsker(found instanceof Map ? found.keys() : []),
    accept (loaded, wanted) {
      if (loaded.store.kind !== 'keyed' || !(loaded.found instanceof Map) || 'ranges' in wanted) return
      for (const key of wanted.keys) cache.set(key, loaded.found.get(key) ?? { version: 0, value: undefined })
    },
    deciding: () => undefined,
    write () {
      const changes = new Map<string, { readonly expected: number, readonly value: Value | undefined }>()
      for (const [key, { value, expected = 0 }] of sealed) {
        // Made and deleted within one unit: there is nothing to write.
        if (expected !== 0 || value !== undefined) changes.set(key, { expected, value })
      }
      return changes.size === 0 ? undefined : { kind: 'keyed', store, changes }
    },
    seal () {
      sealed = current
      current = new Map()
    },
    committed (change) {
      for (const [key, { value }] of sealed) {
        const version = value === undefined || change?.kind !== 'keyed' ? 0 : change.values.get(key)?.version ?? 0
        cache.set(key, { version, value })
        const next = current.get(key)
        if (next !== undefined && next.expected === undefined) current.set(key, { value: next.value, expected: version })
      }
      sealed = new Map()
    },
    undo () {
      sealed = new Map()
      current = new Map()
    },
    evict (keys) { for (const key of keys) cache.delete(key) },
    clear () {
      cache.clear()
      missing.clear()
    }
  }
}
