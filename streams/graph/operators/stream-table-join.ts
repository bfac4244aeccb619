import type { Execution } from '../execution.ts'
import type { StreamRecord } from '../record.ts'
import type { ValueGetterSupplier } from '../value-getter.ts'
import type { Wire } from '../wire.ts'

/** A join with a table, or with a global one by a key that is made of the record. */
export interface StreamTableJoin<K, V, TK, T, Out> {
  readonly table: ValueGetterSupplier<TK, T>
  /** The table's key; null: the record has none. Never asked about a record without a value. */
  readonly keyOf: (key: K | null, value: V) => TK | null
  /** A missing row is null: only in a left join. */
  readonly joiner: (value: V, row: T | null, key: K | null) => Out
  /** A left join keeps records that have no row. */
  readonly left: boolean
}

/**
 * Looks up the table's row when the stream's record comes; a versioned table's as of the record's time. What changes in the
 * table makes no result. Records without a value or a table's key are dropped; a left join keeps those without a key of their own.
 */
export function streamTableJoin<K, V, TK, T, Out> (join: StreamTableJoin<K, V, TK, T, Out>): Wire<K | null, V | null, K | null, Out> {
  return (execution, node, forward) => {
    const lookUp = openLookUp(execution, join)
    return record => {
      const previous = execution.enter(node)
      const reason = reasonToDrop(join, record)
      if (reason === undefined) {
        const joined = lookUp(record)
        if (joined !== undefined) forward(joined)
      } else {
        execution.drop(node, reason)
      }
      execution.leave(previous)
    }
  }
}

export function reasonToDrop<K, V, TK, T, Out> (
  { keyOf, left }: StreamTableJoin<K, V, TK, T, Out>, { key, value }: StreamRecord<K | null, V | null>
): 'null-value' | 'null-key' | undefined {
  if (value === null) return 'null-value'
  if (left && key === null) return undefined
  return keyOf(key, value) === null ? 'null-key' : undefined
}

/** Joins a record with the row of now, or of its time; undefined: without a row there is no result. */
export function openLookUp<K, V, TK, T, Out> (
  execution: Execution, { table, keyOf, joiner, left }: StreamTableJoin<K, V, TK, T, Out>
): (record: StreamRecord<K | null, V | null>) => StreamRecord<K | null, Out> | undefined {
  const rows = table.open(execution)
  return ({ key, value, timestamp, headers }) => {
    if (value === null) return undefined
    const rowKey = keyOf(key, value)
    const row = rowKey === null ? undefined : rows.getAsOf === undefined ? rows.get(rowKey) : rows.getAsOf(rowKey, timestamp)
    if (row === undefined && !left) return undefined
    return { key, value: joiner(value, row?.value ?? null, key), timestamp, headers }
  }
}
