import type { Static, TSchema } from 'typebox'
import type { Table } from '../graph/table.ts'
import type { Topology } from '../graph/topology.ts'
import { openMemorySource } from '../queries/memory-source.ts'
import { openStoreQueries } from '../queries/store-queries.ts'
import type { NamedEntry, NamedView, RangeOptions, StoreEntry, StorePage, TableEntry, WindowedEntry, WindowsOptions } from '../queries/store-views.ts'
import type { MemoryState } from '../state/memory-state.ts'
import type { Columns, KeyColumns, KeyOf, RowOf } from '../stores/columns.ts'
import type { Counter } from '../stores/counter.ts'
import type { Keyed } from '../stores/keyed.ts'
import type { List } from '../stores/list.ts'
import type { Ordered } from '../stores/ordered.ts'
import type { RowKey, Rows } from '../stores/rows.ts'
import type { Windowed } from '../windows/windowed.ts'

/** What is committed, as readers see it. */
export interface StoreView<Key, Value, Entry = StoreEntry<Key, Value>, Bound = Key> {
  readonly get: (key: Key) => Promise<Value | undefined>
  /** In the order of the keys' bytes. */
  readonly all: () => Promise<Entry[]>
  /** Both ends included. */
  readonly range: (from: Bound, to: Bound) => Promise<Entry[]>
}

/** Of a table with a store of its own. */
export interface TableStoreView<Key, Value> extends StoreView<Key, Value, TableEntry<Key, Value>> {
  /** What the row was at a time; of a store with versions only. */
  readonly asOf: (key: Key, time: number) => Promise<Value | undefined>
}

/** Of a table of windows or sessions: a row is got by its key and window, and found by its key. */
export interface WindowedStoreView<Key, Value> extends StoreView<Windowed<Key>, Value, WindowedEntry<Key, Value>, Key> {
  /** Windows that start from one time to another, sessions that overlap; left out: all that are kept. */
  readonly windows: (key: Key, options?: Pick<WindowsOptions, 'from' | 'to'>) => Promise<WindowedEntry<Key, Value>[]>
}

export type TableStoreViewOf<K, V> = K extends Windowed<infer K2> ? WindowedStoreView<K2, V> : TableStoreView<K, V>

/** Of a counter the count, of a list its entries, newest first, of rows the row. */
export type StoreViewOf<S> =
  S extends Counter<infer K extends KeyColumns> ? StoreView<KeyOf<K>, number>
    : S extends Keyed<infer K extends KeyColumns, infer V extends TSchema> ? StoreView<KeyOf<K>, Static<V>>
      : S extends List<infer K extends KeyColumns, infer E extends Columns> ? StoreView<KeyOf<K>, readonly RowOf<E>[]>
        : S extends Rows<infer C extends Columns, infer K extends readonly string[]> ? StoreView<RowKey<C, K>, RowOf<C>>
          : never

/** What the store's shape does not have is refused with a sentence. */
export interface NamedStoreView extends StoreView<unknown, unknown, NamedEntry> {
  readonly asOf: (key: unknown, time: number) => Promise<unknown>
  readonly windows: (key: unknown, options?: Pick<WindowsOptions, 'from' | 'to'>) => Promise<NamedEntry[]>
}

/** A store to be read, by a table's handle, its declaration, or its name. */
export interface StoreViews {
  <K, V>(table: Table<K, V>): TableStoreViewOf<K, V>
  <S extends Counter | Keyed | List | Rows>(store: S): StoreViewOf<S>
  /** As its operators made it, in bytes. */
  <V>(store: Ordered<V>): OrderedView<V>
  (name: string): NamedStoreView
}

export interface StoreViewsOptions {
  readonly topology: Topology
  readonly applicationId: string
  readonly state: MemoryState
  /** Resolves when what was asked for before is done. */
  readonly settled: () => Promise<void>
}

/** Views over the same queries that read a running application. */
export function openStoreViews ({ topology, applicationId, state, settled }: StoreViewsOptions): StoreViews {
  const queries = openStoreQueries({ topology, applicationId, source: openMemorySource(state) })
  // Any of the three opens it; a view's types are those of the store that the handle or declaration stands for.
  const open = (given: string | Ordered): NamedStoreView | OrderedView<unknown> => typeof given === 'object' && 'kind' in given && given.kind === 'ordered'
    ? orderedView(given, state, settled)
    : viewOf(queries.store(given as string), settled)
  return open as StoreViews
}

/** Where an entry of ordered state stands: the partition of its task, and its key, one character per byte. */
export interface OrderedPlace {
  readonly partition: number
  readonly key: string
}

export interface OrderedView<V> {
  /** The parts of all tasks, by partition and key. */
  readonly all: () => Promise<readonly (OrderedPlace & { readonly value: V, readonly timestamp: number })[]>
}

function orderedView<V> (store: Ordered<V>, state: MemoryState, settled: () => Promise<void>): OrderedView<V> {
  return {
    async all () {
      await settled()
      return state.table(store).map(({ partition, key, value, timestamp }) => ({
        partition: Number(partition), key: String(key), value: store.value.decode(Buffer.from(String(value), 'latin1')), timestamp: Number(timestamp)
      }))
    }
  }
}

/** As many as there may be in one. */
const PAGE = 1_000

function viewOf (view: NamedView, settled: () => Promise<void>): NamedStoreView {
  const range = async (options: RangeOptions<unknown>): Promise<NamedEntry[]> => await allOf(cursor => view.range({ ...options, cursor, limit: PAGE }))
  return {
    async get (key) {
      await settled()
      return (await view.get(key))?.value
    },
    async asOf (key, time) {
      await settled()
      return (await view.asOf(key, time))?.value
    },
    async all () {
      await settled()
      return await range({})
    },
    async range (from, to) {
      await settled()
      return await range({ from, to })
    },
    async windows (key, options) {
      await settled()
      return await allOf(cursor => view.windows(key, { ...options, cursor, limit: PAGE }))
    }
  }
}

async function allOf (page: (cursor: string | undefined) => Promise<StorePage<NamedEntry>>): Promise<NamedEntry[]> {
  const entries: NamedEntry[] = []
  let cursor: string | undefined
  do {
    const next = await page(cursor)
    entries.push(...next.entries)
    cursor = next.cursor
  } while (cursor !== undefined)
  return entries
}
