import type { Serde } from '../serdes/serde.ts'
import { checkTableName } from './names.ts'
import type { StoreContents } from './store-contents.ts'
import type { Reading } from './reading.ts'

/**
 * Ordered state: a btree on bytes, as windows, sessions, versions, join buffers and the tables of the language need it. Each task has a part of its
 * own: the partition is the first column of the table's key, so the compare of the task's position protects it.
 *
 * Not projected. The engine makes the table itself: `partition, key, value, timestamp, time`.
 */
export interface Ordered<V = unknown> {
  readonly kind: 'ordered'
  readonly name: string
  readonly value: Serde<V>
  /** The columns that make a key, in order. */
  readonly key: readonly ['partition', 'key']
  /** Whether entries go by their time. Where they do not, no index on it is kept, and a value that is put again is written in place. */
  readonly expires: boolean
  /** Of a store that an operator has made. */
  readonly contents?: StoreContents
  /** How it is read from outside; undefined: it is its operator's alone. */
  readonly reading: Reading | undefined
}

export interface OrderedEntry<V> {
  /** Bytes, one per character (latin1): in this form JavaScript's order is the order of the bytes. */
  readonly key: string
  readonly value: V
  /** Of the value: milliseconds since 1970. */
  readonly timestamp: number
}

/** What is read along where something has to be read. */
export interface ReadAhead {
  /** Everything up to this key, for those who will ask for what lies ahead: that nothing is there is known from then on, and so is what they put there. */
  readonly ahead?: string
}

/** The part of the current record's task. A value that was put is not to be changed afterwards. */
export interface OrderedWriter<V = unknown> {
  readonly get: (key: string, options?: ReadAhead) => OrderedEntry<V> | undefined
  /** `time` is what `expire` compares; left out: the timestamp. */
  readonly put: (key: string, value: V, timestamp: number, time?: number) => void
  readonly delete: (key: string) => void
  /** Entries with `from` ≤ key < `to` in the order of bytes, or from the last to the first; `to` undefined: to the end. What is put meanwhile may or may not come by. */
  readonly range: (from: string, to: string | undefined, options?: ReadAhead & { readonly reverse?: boolean }) => Iterable<OrderedEntry<V>>
  /** Entries whose time is below `before` may be removed; whoever reads does not count on it. Only of a store that was defined so. */
  readonly expire: (before: number) => void
}

/** `expires` left out: entries may go by their time. */
export function defineOrdered<V> (
  { name, value, expires = true, contents, reading }:
  { readonly name: string, readonly value: Serde<V>, readonly expires?: boolean, readonly contents?: StoreContents, readonly reading?: Reading | undefined }
): Ordered<V> {
  checkTableName('Store', name)
  return Object.freeze({ kind: 'ordered', name, value, expires, key: ['partition', 'key'] as const, ...(contents === undefined ? {} : { contents }), reading })
}
