import { joinKey, type KeyColumns, type KeyOf } from '../../stores/columns.ts'
import type { Counter, CounterWriter } from '../../stores/counter.ts'
import type { RecordScope, StoreState } from './store-state.ts'

/** Amounts add up in memory, so that a hot key is one row of the unit however often it occurs. Nothing is read, so nothing is cached. */
export function openCounterState<K extends KeyColumns> (store: Counter<K>, { journal }: RecordScope): StoreState & { readonly writer: CounterWriter<K> } {
  let current = new Map<string, number>()
  let sealed = new Map<string, number>()
  return {
    store,
    writer: {
      add (key: KeyOf<K>, amount: number) {
        if (!Number.isSafeInteger(amount) || amount <= 0) {
          throw new RangeError(`Counter '${store.name}' was asked to add ${amount}; an amount is a whole number above zero.`)
        }
        const joined = joinKey(store.key, key)
        const before = current.get(joined)
        journal.set(current, joined, (before ?? 0) + amount, before)
      }
    },
    takeMissing: () => undefined,
    firstMisled: () => Infinity,
    accept: () => {},
    deciding: () => undefined,
    write: () => sealed.size === 0 ? undefined : { kind: 'counter', store, amounts: sealed },
    seal () {
      sealed = current
      current = new Map()
    },
    committed () { sealed = new Map() },
    undo () {
      sealed = new Map()
      current = new Map()
    },
    evict: () => {},
    clear: () => {}
  }
}
