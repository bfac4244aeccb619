import type { Change } from '../change.ts'
import type { Wire } from '../wire.ts'
import { openMaterialized, type Materialization } from './materialized.ts'
import { within } from './within.ts'

export interface TableJoinMerge<K, V> {
  readonly materialization: Materialization<K, V> | undefined
  readonly sendsOldValues: () => boolean
}

/** Where both sides of a table-table join come together as one table. */
export function tableJoinMerge<K, V> ({ materialization, sendsOldValues }: TableJoinMerge<K, V>): Wire<K, Change<V>, K, Change<V>> {
  return (execution, node, forward) => {
    const sends = sendsOldValues()
    const table = materialization && openMaterialized(execution, node, materialization, sends, forward)
    return within(execution, node, record => {
      const { key, value: { newValue, oldValue, isLatest }, timestamp, headers } = record
      if (table === undefined) return forward({ key, value: { newValue, oldValue: sends ? oldValue : null, isLatest }, timestamp, headers })
      table.update(record, { newValue, oldValue })
    })
  }
}
