import type { Static, TSchema } from 'typebox'
import type { Table } from '../graph/table.ts'
import type { Columns, KeyColumns, KeyOf, RowOf } from '../stores/columns.ts'
import type { Counter } from '../stores/counter.ts'
import type { Keyed } from '../stores/keyed.ts'
import type { List } from '../stores/list.ts'
import type { RowKey, Rows } from '../stores/rows.ts'
import type { Window, Windowed } from '../windows/windowed.ts'
import type { MinPosition } from './min-position.ts'

/** Of a declared store. */
export interface StoreEntry<K, V> {
  readonly key: K
  readonly value: V
}

/** Of a table. */
export interface TableEntry<K, V> extends StoreEntry<K, V> {
  /** Of the row, in milliseconds since 1970. */
  readonly timestamp: number
}

/** Of a table of windows or sessions. */
export interface WindowedEntry<K, V> extends TableEntry<K, V> {
  readonly window: Window
}

/** Of a store of which only the name is known. */
export interface NamedEntry extends StoreEntry<unknown, unknown> {
  readonly timestamp?: number
  readonly window?: Window
}

export interface StorePage<Entry> {
  /** In the order of the keys' bytes. */
  readonly entries: readonly Entry[]
  /** For the page that follows; undefined: this was the last. */
  readonly cursor: string | undefined
}

/** How fresh the answer has to be; left out: whatever is committed when it is asked. */
export interface ReadOptions {
  /** Waits until the store's task has processed this record of one of its topics. */
  readonly minPosition?: MinPosition | undefined
  /** How long to wait for that; left out: a second. */
  readonly timeoutMs?: number | undefined
}

export interface PageOptions extends ReadOptions {
  /** Up to 1000; left out: 100. */
  readonly limit?: number | undefined
  /** Of the page before. */
  readonly cursor?: string | undefined
}

/** Both ends belong to the range. */
export interface RangeOptions<K, P = K> extends PageOptions {
  readonly from?: K | undefined
  readonly to?: K | undefined
  /** What keys of text or bytes begin with. */
  readonly prefix?: P | undefined
}

/** Milliseconds since 1970; both ends belong to it. Windows that start within, sessions that overlap. */
export interface WindowsOptions extends PageOptions {
  readonly from?: number | undefined
  readonly to?: number | undefined
}

/** Reads a table that has a store of its own. */
export interface TableView<K, V> {
  readonly get: (key: K, options?: ReadOptions) => Promise<TableEntry<K, V> | undefined>
  readonly range: (options?: RangeOptions<K>) => Promise<StorePage<TableEntry<K, V>>>
  /** What the key's row was at a time; of a store with versions only, as far back as its history goes. */
  readonly asOf: (key: K, time: number, options?: ReadOptions) => Promise<TableEntry<K, V> | undefined>
}

/** Reads a table of windows or sessions, as long as they are kept. */
export interface WindowedView<K, V> {
  readonly get: (key: Windowed<K>, options?: ReadOptions) => Promise<WindowedEntry<K, V> | undefined>
  /** Of one key, by time. */
  readonly windows: (key: K, options?: WindowsOptions) => Promise<StorePage<WindowedEntry<K, V>>>
  /** Of all keys from one to another: by key, then by time. */
  readonly range: (options?: RangeOptions<K>) => Promise<StorePage<WindowedEntry<K, V>>>
}

export type TableViewOf<K, V> = K extends Windowed<infer K2> ? WindowedView<K2, V> : TableView<K, V>

export interface DeclaredView<K, V> {
  readonly get: (key: K, options?: ReadOptions) => Promise<StoreEntry<K, V> | undefined>
  /** A bound may leave out the last columns, and means all keys that begin so. A prefix is one of the only column. */
  readonly range: (options?: RangeOptions<Partial<K>, string>) => Promise<StorePage<StoreEntry<K, V>>>
}

/** Of a counter the count, of a list its entries, newest first, of rows the row. */
export type DeclaredViewOf<S> =
  S extends Counter<infer K extends KeyColumns> ? DeclaredView<KeyOf<K>, number>
    : S extends Keyed<infer K extends KeyColumns, infer V extends TSchema> ? DeclaredView<KeyOf<K>, Static<V>>
      : S extends List<infer K extends KeyColumns, infer E extends Columns> ? DeclaredView<KeyOf<K>, readonly RowOf<E>[]>
        : S extends Rows<infer C extends Columns, infer K extends readonly string[]> ? DeclaredView<RowKey<C, K>, RowOf<C>>
          : never

/** Reads any store by its name; what its shape does not have is refused with a sentence. */
export interface NamedView {
  readonly get: (key: unknown, options?: ReadOptions) => Promise<NamedEntry | undefined>
  readonly range: (options?: RangeOptions<unknown>) => Promise<StorePage<NamedEntry>>
  readonly asOf: (key: unknown, time: number, options?: ReadOptions) => Promise<NamedEntry | undefined>
  readonly windows: (key: unknown, options?: WindowsOptions) => Promise<StorePage<NamedEntry>>
}

/** By a table's handle, a store's declaration, or a name. */
export interface StoreViews {
  <K, V>(table: Table<K, V>): TableViewOf<K, V>
  <S extends Counter | Keyed | List | Rows>(store: S): DeclaredViewOf<S>
  (name: string): NamedView
}
