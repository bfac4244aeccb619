import type { Change } from '../change.ts'
import type { ValueAndTimestamp, ValueGetterSupplier } from '../value-getter.ts'
import type { Wire } from '../wire.ts'
import { openMaterialized, type Materialization } from './materialized.ts'
import { within } from './within.ts'

export interface TableFilter<K, V> {
  /** For `filterNot` what says the opposite. */
  readonly predicate: (value: V, key: K) => boolean
  readonly materialization: Materialization<K, V> | undefined
  readonly sendsOldValues: () => boolean
  /** Whether the table before keeps versions: then a row that was not there before is deleted too, at its time. */
  readonly versionedInput: boolean
}

/** Rows that do not pass are deleted. Where old values are known, nothing is said of what neither was there nor comes. */
export function tableFilter<K, V> ({ predicate, materialization, sendsOldValues, versionedInput }: TableFilter<K, V>): Wire<K, Change<V>, K, Change<V>> {
  return (execution, node, forward) => {
    const sends = sendsOldValues()
    const table = materialization && openMaterialized(execution, node, materialization, sends, forward)
    const pass = (value: V | null, key: K): V | null => value !== null && predicate(value, key) ? value : null
    return within(execution, node, record => {
      const { key, value: change, timestamp, headers } = record
      const newValue = pass(change.newValue, key)
      const before = (): V | null => table === undefined ? pass(change.oldValue, key) : table.get(key)?.value ?? null
      const oldValue = sends ? before() : null
      if (sends && !versionedInput && newValue === null && oldValue === null) return
      if (table !== undefined) table.update(record, { newValue, oldValue })
      else forward({ key, value: { newValue, oldValue, isLatest: change.isLatest }, timestamp, headers })
    })
  }
}

/** Reads a filtered table that has no store of its own. */
export function filteredValues<K, V> (parent: ValueGetterSupplier<K, V>, predicate: (value: V, key: K) => boolean): ValueGetterSupplier<K, V> {
  return {
    stores: parent.stores,
    open (execution) {
      const { get, getAsOf } = parent.open(execution)
      const pass = (row: ValueAndTimestamp<V> | undefined, key: K): ValueAndTimestamp<V> | undefined => row !== undefined && predicate(row.value, key) ? row : undefined
      return { get: key => pass(get(key), key), getAsOf: getAsOf && ((key, asOf) => pass(getAsOf(key, asOf), key)) }
    }
  }
}
