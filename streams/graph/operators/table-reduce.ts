import type { Change } from '../change.ts'
import type { Wire } from '../wire.ts'
import { openMaterialized, type Materialization } from './materialized.ts'
import { within } from './within.ts'

export interface TableReduce<K, V> {
  readonly adder: (aggregate: V, value: V) => V | null
  readonly subtractor: (aggregate: V, value: V) => V | null
  readonly materialization: Materialization<K, V>
  readonly sendsOldValues: () => boolean
}

/** As `tableAggregate`; a group without an aggregate begins with the value that comes. */
export function tableReduce<K, V> ({ adder, subtractor, materialization, sendsOldValues }: TableReduce<K, V>): Wire<K, Change<V>, K, Change<V>> {
  return (execution, node, forward) => {
    const table = openMaterialized(execution, node, materialization, sendsOldValues(), forward)
    return within(execution, node, record => {
      const { key, value: change, timestamp } = record
      const stored = table.get(key)
      const oldValue = stored?.value ?? null
      const without = oldValue === null || change.oldValue === null ? oldValue : subtractor(oldValue, change.oldValue)
      const added = without === null || change.newValue === null ? change.newValue : adder(without, change.newValue)
      const newValue = change.newValue === null ? without : added
      const took = change.oldValue !== null || (change.newValue !== null && without !== null)
      table.update(record, { newValue, oldValue, timestamp: stored !== undefined && took ? Math.max(timestamp, stored.timestamp) : timestamp })
    })
  }
}
