import type { Static, TSchema } from 'typebox'
import { compareBytes } from '../projection/byte-order.ts'
import type { MemoryState } from '../state/memory-state.ts'
import { joinKey, type Columns, type KeyColumns, type KeyOf, type RowOf } from '../stores/columns.ts'
import type { Counter } from '../stores/counter.ts'
import type { Keyed } from '../stores/keyed.ts'
import type { List } from '../stores/list.ts'
import type { Ordered, OrderedEntry } from '../stores/ordered.ts'
import { joinRowKey, type RowKey, type Rows } from '../stores/rows.ts'
import type { Store } from '../stores/store.ts'
import type { Row } from '../state/state.ts'

export interface StoreEntry<Key, Value> {
  readonly key: Key
  readonly value: Value
}

/** What is committed, as readers see it. */
export interface StoreView<Key, Value> {
  readonly get: (key: Key) => Promise<Value | undefined>
  /** In the order of the keys' bytes. */
  readonly all: () => Promise<StoreEntry<Key, Value>[]>
  /** Both ends included. */
  readonly range: (from: Key, to: Key) => Promise<StoreEntry<Key, Value>[]>
}

/** Of a counter the count, of a list its entries, newest first, of rows the row. Of ordered state the parts of all tasks, in bytes: keys are as the operator made them. */
export type StoreViewOf<S> =
  S extends Counter<infer K extends KeyColumns> ? StoreView<KeyOf<K>, number>
    : S extends Keyed<infer K extends KeyColumns, infer V extends TSchema> ? StoreView<KeyOf<K>, Static<V>>
      : S extends List<infer K extends KeyColumns, infer E extends Columns> ? StoreView<KeyOf<K>, readonly RowOf<E>[]>
        : S extends Rows<infer C extends Columns, infer K extends readonly string[]> ? StoreView<RowKey<C, K>, RowOf<C>>
          : S extends Ordered<infer V> ? StoreView<OrderedPlace, Omit<OrderedEntry<V>, 'key'>>
            : never

/** Where an entry of ordered state stands: the partition of its task, and its key, one character per byte. */
export interface OrderedPlace {
  readonly partition: number
  readonly key: string
}

/** `settled` resolves when what was asked for before is done. */
export function openStoreView<S extends Store> (store: S, state: MemoryState, settled: () => Promise<void>): StoreViewOf<S> {
  const keyOf = (key: object): string => joined(store, { ...key })
  const entries = async (): Promise<Entry[]> => {
    await settled()
    return entriesOf(store, state.table(store)).sort((a, b) => compareBytes(a.joined, b.joined))
  }
  const view: StoreView<object, unknown> = {
    get: async key => (await entries()).find(entry => entry.joined === keyOf(key))?.value,
    all: async () => (await entries()).map(({ key, value }) => ({ key, value })),
    range: async (from, to) => (await entries())
      .filter(entry => compareBytes(keyOf(from), entry.joined) <= 0 && compareBytes(entry.joined, keyOf(to)) <= 0)
      .map(({ key, value }) => ({ key, value }))
  }
  // Keys and values are read from this very store's table, whose declaration gives them their types.
  return view as StoreViewOf<S>
}

interface Entry extends StoreEntry<Row, unknown> {
  readonly joined: string
}

function entriesOf (store: Store, rows: readonly Row[]): Entry[] {
  const keyed = rows.map(row => ({ key: pick(row, store.key), row, joined: joined(store, row) }))
  switch (store.kind) {
    case 'counter': return keyed.map(({ key, row, joined }) => ({ key, joined, value: row[store.count] }))
    case 'keyed': return keyed.map(({ key, row, joined }) => ({ key, joined, value: JSON.parse(String(row['value'])) }))
    case 'rows': return keyed.map(({ key, row, joined }) => ({ key, joined, value: row }))
    case 'list': return [...Map.groupBy(keyed, ({ joined }) => joined)].map(([joined, entries]) => ({
      key: entries[0]?.key ?? {}, joined, value: entries.map(({ row }) => pick(row, Object.keys(store.entry)))
    }))
    case 'ordered': return keyed.map(({ key, row, joined }) => ({
      key, joined, value: { value: store.value.decode(Buffer.from(String(row['value']), 'latin1')), timestamp: row['timestamp'] }
    }))
  }
}

function joined (store: Store, row: Row): string {
  switch (store.kind) {
    case 'rows': return joinRowKey(store, row)
    case 'ordered': return String.fromCharCode(Number(row['partition'])) + String(row['key'])
    default: return joinKey(store.key, row)
  }
}

function pick (row: Row, columns: readonly string[]): Row {
  return Object.fromEntries(columns.map(column => [column, row[column] ?? null]))
}
