import type { StoredEntry } from '../state/state.ts'
import type { Ordered } from '../stores/ordered.ts'
import type { DeclaredStore } from './queryable.ts'

/** Where the content of stores is read, as committed; it is the same for whoever asks. */
export interface StoreSource {
  /** In the order of keys, over all tasks of a sub-topology. A key that several of them have stands there once, as last changed. */
  readonly entries: (look: OrderedLook) => Promise<readonly StoredEntry[]>
  /** In the order of keys. */
  readonly declared: (look: DeclaredLook) => Promise<readonly DeclaredEntry[]>
  /** The next record that a task will process; undefined: it has not begun the partition. */
  readonly position: (subTopology: string, topic: string, partition: number) => Promise<number | undefined>
}

/** At most `limit` entries with `from` ≤ key < `to`; keys have one character per byte. */
export interface OrderedLook {
  readonly store: Ordered
  readonly subTopology: string
  readonly from: string
  readonly to: string | undefined
  readonly limit: number
  readonly kept?: Kept
}

/** What is further behind a time of its task than `ms` is gone, though it may not have been removed yet. */
export interface Kept {
  /** The time's name among those of the task. */
  readonly time: string
  readonly ms: number
  /** What is compared; left out: the entry's own time. */
  readonly at?: number
}

/** The values of key columns, from the first on; fewer than there are stand for all keys that begin so. */
export type KeyParts = readonly (string | number | boolean | null)[]

export interface DeclaredLook {
  readonly store: DeclaredStore
  readonly bounds: readonly KeyBound[]
  readonly limit: number
}

export interface KeyBound {
  readonly is: '>' | '>=' | '<' | '<='
  readonly parts: KeyParts
}

export interface DeclaredEntry {
  readonly parts: KeyParts
  /** Of a counter the count, of a list its entries, newest first, of rows the row. */
  readonly value: unknown
}
