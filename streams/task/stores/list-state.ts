import QuickLRU from 'quick-lru'
import { joinKey, type Columns, type KeyColumns, type KeyOf, type RowOf } from '../../stores/columns.ts'
import type { List, ListWriter } from '../../stores/list.ts'
import type { ListValue } from '../../state/state.ts'
import { CACHED_KEYS, MissingKeys, type RecordScope, type StoreState } from './store-state.ts'

interface Appended<E extends Columns> {
  /** The newest number in Postgres before this unit: what the write compares. */
  readonly expected: number
  /** How many entries are there. */
  readonly held: number
  readonly value: ListValue<E>
}

export function openListState<K extends KeyColumns, E extends Columns> (
  store: List<K, E>, { journal, mode, reads }: RecordScope
): StoreState & { readonly writer: ListWriter<K, E> } {
  const empty: ListValue<E> = Object.freeze({ newest: 0, entries: Object.freeze([]) })
  let current = new Map<string, Appended<E>>()
  let sealed = new Map<string, Appended<E>>()
  const cache = new QuickLRU<string, ListValue<E>>({ maxSize: CACHED_KEYS })
  const missing = new MissingKeys(mode)

  const find = (key: string): ListValue<E> => {
    reads.lookups++
    const found = current.get(key)?.value ?? sealed.get(key)?.value ?? cache.get(key)
    if (found !== undefined) return found
    missing.add(key)
    return empty
  }
  return {
    store,
    writer: {
      entries: (key: KeyOf<K>) => find(joinKey(store.key, key)).entries,
      newest: (key: KeyOf<K>) => find(joinKey(store.key, key)).entries[0],
      append (key: KeyOf<K>, entry: RowOf<E>, { keep }) {
        if (!Number.isSafeInteger(keep) || keep < 1) throw new RangeError(`List '${store.name}' was asked to keep ${keep} entries; it keeps at least the one that is appended.`)
        const joined = joinKey(store.key, key)
        const written = current.get(joined)
        const { newest, entries } = written?.value ?? find(joined)
        const value = { newest: newest + 1, entries: [entry, ...entries.slice(0, keep - 1)] }
        journal.set(current, joined, { expected: written?.expected ?? newest, held: written?.held ?? entries.length, value }, written)
      }
    },
    takeMissing () {
      const keys = missing.take()
      return keys === undefined ? undefined : { store, keys }
    },
    firstMisled: ({ found }) => missing.firstAsker(found instanceof Map ? found.keys() : []),
    accept (loaded, wanted) {
      if (loaded.store.kind !== 'list' || !(loaded.found instanceof Map) || 'ranges' in wanted) return
      // Rows of this store's own table, parsed by this store's own columns: they are entries of E.
      for (const key of wanted.keys) cache.set(key, (loaded.found.get(key) as ListValue<E> | undefined) ?? empty)
    },
    deciding: () => undefined,
    write: () => sealed.size === 0 ? undefined : { kind: 'list', store, changes: sealed },
    seal () {
      sealed = current
      current = new Map()
    },
    committed () {
      for (const [key, { value }] of sealed) cache.set(key, value)
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
