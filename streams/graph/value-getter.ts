import type { Store } from '../stores/store.ts'
import type { Execution } from './execution.ts'

export interface ValueAndTimestamp<V> {
  readonly value: V
  readonly timestamp: number
}

/** Reads the current row of a table by its key, through whatever stands between the table and its store. */
export interface ValueGetter<K, V> {
  readonly get: (key: K) => ValueAndTimestamp<V> | undefined
  /** The row as of a time; undefined where the table keeps no versions. */
  readonly getAsOf: ((key: K, asOf: number) => ValueAndTimestamp<V> | undefined) | undefined
}

/** What a node needs to read a table. */
export interface ValueGetterSupplier<K, V> {
  /** The stores that the reading node must be connected to. */
  readonly stores: readonly Store[]
  readonly open: (execution: Execution) => ValueGetter<K, V>
}
