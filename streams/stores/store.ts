import type { Columns, KeyColumns } from './columns.ts'
import type { TSchema } from 'typebox'
import type { Counter, CounterWriter } from './counter.ts'
import type { Keyed, KeyedWriter } from './keyed.ts'
import type { List, ListWriter } from './list.ts'
import type { Ordered, OrderedWriter } from './ordered.ts'
import type { Rows, RowsWriter } from './rows.ts'
import type { StateStore } from './state-stores/state-store.ts'

/** A state store, as data: its shape, its table, its name in Redis. It holds no connection. */
export type Store = Counter | Keyed | List | Ordered | Rows

/** What a processor is handed for each kind of store. */
export type WriterOf<S> =
  S extends Counter<infer K extends KeyColumns> ? CounterWriter<K>
    : S extends Keyed<infer K extends KeyColumns, infer V extends TSchema> ? KeyedWriter<K, V>
      : S extends List<infer K extends KeyColumns, infer E extends Columns> ? ListWriter<K, E>
        : S extends Rows<infer C extends Columns, infer K extends readonly string[]> ? RowsWriter<C, K>
          : S extends Ordered<infer V> ? OrderedWriter<V>
            : S extends StateStore<infer W> ? W
              : never

export type WritersOf<S extends Readonly<Record<string, Store | StateStore>>> = { readonly [P in keyof S]: WriterOf<S[P]> }
