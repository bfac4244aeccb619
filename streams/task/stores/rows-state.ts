import type { Columns, RowOf } from '../../stores/columns.ts'
import { joinRowKey, type RowKey, type Rows, type RowsWriter } from '../../stores/rows.ts'
import type { Row } from '../../state/state.ts'
import { RecentKeys } from './recent-keys.ts'
import { CACHED_KEYS, MissingKeys, type RecordScope, type StoreState } from './store-state.ts'

/** After a row was there that was taken to be new, so many keys are asked for before any is taken to be new again. */
const ASKED_AFTER_SURPRISE = 10_000

/**
 * Whether a row is there is not read: it is taken to be new, and the insert proves it. Where one was there after all the unit is run again,
 * and for a while Postgres is asked. So a log without repetitions costs no reads, and one that is all repetitions costs no reruns.
 */
export function openRowsState<C extends Columns, K extends readonly string[]> (
  store: Rows<C, K>, { journal, mode, reads }: RecordScope
): StoreState & { readonly writer: RowsWriter<C, K> } {
  let current = new Map<string, Row>()
  let sealed = new Map<string, Row>()
  /** Read as absent. Somebody may insert them meanwhile; that is found when the unit is written. */
  let absent = new Set<string>()
  /** Sets would cost more than all that is done with them. */
  let decided: string[] = []
  let sealedDecided: readonly string[] = []
  const present = new RecentKeys(CACHED_KEYS)
  /** Nobody needs to know what is in a log that is only written. */
  let isAsked = false
  const missing = new MissingKeys(mode)
  /** Told as absent, and not inserted yet: the last such key, and the others of its record, of which there mostly are none. */
  let unproven: string | undefined
  const alsoUnproven = new Set<string>()
  let unprovenOf = -1
  /** The insert has shown that they are there, or there was none. */
  const doubted = new Set<string>()
  let keysToAsk = 0
  const [first = ''] = store.key
  const isText = store.key.length === 1 && store.columns[first]?.type === 'text'
  // The common key is one text column; asking the store each time would cost as much as the look-up.
  const keyOf = (row: Readonly<Record<string, unknown>>): string => isText ? String(row[first]) : joinRowKey(store, row)

  const reset = (): void => {
    sealed = new Map()
    current = new Map()
    sealedDecided = []
    decided = []
  }
  const trust = (key: string): void => {
    if (unprovenOf !== mode.record) {
      unprovenOf = mode.record
      unproven = undefined
      alsoUnproven.clear()
    }
    if (unproven === key || alsoUnproven.has(key)) return
    mode.unproven++
    if (unproven !== undefined) alsoUnproven.add(unproven)
    unproven = key
  }
  /** Whether it was told as absent to this record just now, so that nobody has inserted it. */
  const proves = (key: string): boolean => {
    if (mode.unproven === 0 || unprovenOf !== mode.record) return false
    if (unproven === key) unproven = undefined
    else if (!alsoUnproven.delete(key)) return false
    mode.unproven--
    return true
  }
  return {
    store,
    writer: {
      has (key: RowKey<C, K>) {
        const joined = keyOf(key)
        reads.lookups++
        isAsked = true
        if (current.has(joined) || sealed.has(joined) || present.has(joined)) return true
        if (!absent.has(joined)) {
          if (keysToAsk > 0 || doubted.has(joined)) missing.add(joined)
          else trust(joined)
        }
        decided.push(joined)
        return false
      },
      insert (row: RowOf<C>) {
        const joined = keyOf(row)
        if (proves(joined) || (!current.has(joined) && !sealed.has(joined))) journal.set(current, joined, row, undefined)
      }
    },
    takeMissing () {
      const keys = missing.take()
      return keys === undefined ? undefined : { store, keys }
    },
    firstMisled: ({ found }) => missing.firstAsker(found instanceof Set ? found : []),
    accept (loaded, wanted) {
      if (!(loaded.found instanceof Set) || 'ranges' in wanted) return
      for (const key of wanted.keys) {
        doubted.delete(key)
        if (loaded.found.has(key)) present.add(key)
        else absent.add(key)
      }
      keysToAsk = loaded.found.size > 0 ? ASKED_AFTER_SURPRISE : Math.max(0, keysToAsk - wanted.keys.length)
    },
    doubt () {
      if (unprovenOf !== mode.record) return
      for (const key of unproven === undefined ? alsoUnproven : [unproven, ...alsoUnproven]) {
        doubted.add(key)
        missing.note(key)
      }
    },
    deciding: () => current.size === 0 ? undefined : { kind: 'rows', store, rows: current, decided },
    write: () => sealed.size === 0 ? undefined : { kind: 'rows', store, rows: sealed, decided: sealedDecided },
    seal () {
      sealed = current
      sealedDecided = decided
      current = new Map()
      decided = []
    },
    committed () {
      if (isAsked) {
        for (const key of sealed.keys()) {
          present.add(key)
          absent.delete(key)
        }
      }
      // What was read as absent and not inserted is asked for again: it costs one key in a query, and is true.
      if (absent.size > CACHED_KEYS) absent = new Set()
      sealed = new Map()
      sealedDecided = []
    },
    undo: reset,
    evict (keys) {
      for (const key of keys) {
        present.delete(key)
        absent.delete(key)
        doubted.add(key)
      }
      keysToAsk = ASKED_AFTER_SURPRISE
    },
    clear () {
      present.clear()
      absent = new Set()
      doubted.clear()
      missing.clear()
    }
  }
}
