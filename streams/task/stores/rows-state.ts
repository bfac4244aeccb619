import QuickLRU from 'quick-lru'
import type { Columns, RowOf } from '../../stores/columns.ts'
import { joinRowKey, type RowKey, type Rows, type RowsWriter } from '../../stores/rows.ts'
import type { Row } from '../../state/state.ts'
import { CACHED_KEYS, miss, takeKeys, type RecordScope, type StoreState } from './store-state.ts'

export function openRowsState<C extends Columns, K extends readonly string[]> (
  store: Rows<C, K>, { journal, mode, reads }: RecordScope
): StoreState & { readonly writer: RowsWriter<C, K> } {
  let current = new Map<string, Row>()
  let sealed = new Map<string, Row>()
  /** Read as absent. Somebody may insert them meanwhile; that is found when the unit is written. */
  let absent = new Set<string>()
  let decided = new Set<string>()
  let sealedDecided = new Set<string>()
  const present = new QuickLRU<string, true>({ maxSize: CACHED_KEYS })
  const missing = new Set<string>()
  const [first = ''] = store.key
  const isText = store.key.length === 1 && store.columns[first]?.type === 'text'
  // The common key is one text column; asking the store each time would cost as much as the look-up.
  const keyOf = (row: Readonly<Record<string, unknown>>): string => isText ? String(row[first]) : joinRowKey(store, row)

  const reset = (): void => {
    sealed = new Map()
    current = new Map()
    sealedDecided = new Set()
    decided = new Set()
  }
  return {
    store,
    writer: {
      has (key: RowKey<C, K>) {
        const joined = keyOf(key)
        if (!mode.speculating) reads.lookups++
        if (current.has(joined) || sealed.has(joined) || present.has(joined)) return true
        if (absent.has(joined)) {
          decided.add(joined)
          return false
        }
        missing.add(joined)
        miss(mode)
        return false
      },
      insert (row: RowOf<C>) {
        const joined = keyOf(row)
        if (!current.has(joined) && !sealed.has(joined)) journal.set(current, joined, row)
      }
    },
    takeMissing () {
      const keys = takeKeys(missing)
      return keys === undefined ? undefined : { store, keys }
    },
    accept (loaded, wanted) {
      if (!(loaded.found instanceof Set) || 'ranges' in wanted) return
      for (const key of wanted.keys) {
        if (loaded.found.has(key)) present.set(key, true)
        else absent.add(key)
      }
    },
    deciding: () => current.size === 0 ? undefined : { kind: 'rows', store, rows: current, decided },
    write: () => sealed.size === 0 ? undefined : { kind: 'rows', store, rows: sealed, decided: sealedDecided },
    seal () {
      sealed = current
      sealedDecided = decided
      current = new Map()
      decided = new Set()
    },
    committed () {
      for (const key of sealed.keys()) {
        present.set(key, true)
        absent.delete(key)
      }
      // What was read as absent and not inserted is asked for again: it costs one key in a query, and is true.
      if (absent.size > CACHED_KEYS) absent = new Set()
      sealed = new Map()
      sealedDecided = new Set()
    },
    undo: reset,
    evict (keys) {
      for (const key of keys) {
        present.delete(key)
        absent.delete(key)
      }
    },
    clear () {
      present.clear()
      absent = new Set()
      missing.clear()
    }
  }
}
