import type { Change } from '../change.ts'
import type { Wire } from '../wire.ts'
import { openMaterialized, type Materialization } from './materialized.ts'
import { within } from './within.ts'

export interface TableSource<K, V> {
  /** Asked at the wiring: a table gets its store when somebody needs to read it. undefined: it has none. */
  readonly materialization: () => Materialization<K, V> | undefined
  readonly sendsOldValues: () => boolean
}

/**
 * Records become rows: of a table's topic, of `toTable`, of a foreign-key join's results. null deletes. Rows are changed in the order of arrival,
 * where the store keeps versions in that of time.
 */
export function tableSource<K, V> ({ materialization, sendsOldValues }: TableSource<K, V>): Wire<K | null, V | null, K, Change<V>> {
  return (execution, node, forward) => {
    const materialized = materialization()
    const table = materialized && openMaterialized(execution, node, materialized, sendsOldValues(), forward)
    return within(execution, node, record => {
      const { key, value: newValue, timestamp, headers } = record
      if (key === null || key === undefined) return execution.drop(node, 'null-key')
      if (table === undefined) return forward({ key, value: { newValue, oldValue: null, isLatest: true }, timestamp, headers })
      table.update({ key, value: newValue, timestamp, headers }, { newValue, oldValue: table.get(key)?.value ?? null })
    })
  }
}
