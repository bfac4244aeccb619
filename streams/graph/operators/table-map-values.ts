import type { Change } from '../change.ts'
import type { ValueAndTimestamp, ValueGetterSupplier } from '../value-getter.ts'
import type { Wire } from '../wire.ts'
import { openMaterialized, type Materialization } from './materialized.ts'
import { within } from './within.ts'

export interface TableMapValues<K, V, V2> {
  /** null: there is no such row. */
  readonly mapper: (value: V, key: K) => V2 | null
  readonly materialization: Materialization<K, V2> | undefined
  readonly sendsOldValues: () => boolean
}

/** Each row's value becomes another; a deleted row is deleted, and the mapper is not asked. */
export function tableMapValues<K, V, V2> ({ mapper, materialization, sendsOldValues }: TableMapValues<K, V, V2>): Wire<K, Change<V>, K, Change<V2>> {
  return (execution, node, forward) => {
    const sends = sendsOldValues()
    const table = materialization && openMaterialized(execution, node, materialization, sends, forward)
    const map = (value: V | null, key: K): V2 | null => value === null ? null : mapper(value, key)
    return within(execution, node, record => {
      const { key, value: change, timestamp, headers } = record
      const newValue = map(change.newValue, key)
      if (table !== undefined) return table.update(record, { newValue, oldValue: sends ? table.get(key)?.value ?? null : null })
      forward({ key, value: { newValue, oldValue: sends ? map(change.oldValue, key) : null, isLatest: change.isLatest }, timestamp, headers })
    })
  }
}

/** Reads a mapped table that has no store of its own. */
export function mappedValues<K, V, V2> (parent: ValueGetterSupplier<K, V>, mapper: (value: V, key: K) => V2 | null): ValueGetterSupplier<K, V2> {
  return {
    stores: parent.stores,
    open (execution) {
      const { get, getAsOf } = parent.open(execution)
      const map = (row: ValueAndTimestamp<V> | undefined, key: K): ValueAndTimestamp<V2> | undefined => {
        const value = row === undefined ? null : mapper(row.value, key)
        return row === undefined || value === null ? undefined : { value, timestamp: row.timestamp }
      }
      return { get: key => map(get(key), key), getAsOf: getAsOf && ((key, asOf) => map(getAsOf(key, asOf), key)) }
    }
  }
}
