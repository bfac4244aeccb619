import type { Change } from '../change.ts'
import type { Wire } from '../wire.ts'
import { openMaterialized, type Materialization } from './materialized.ts'
import { within } from './within.ts'

export interface TableAggregation<K, V, A> {
  readonly initializer: () => A
  readonly adder: (aggregate: A, value: V, key: K) => A | null
  readonly subtractor: (aggregate: A, value: V, key: K) => A | null
}

export interface TableAggregate<K, V, A> extends TableAggregation<K, V, A> {
  readonly materialization: Materialization<K, A>
  readonly sendsOldValues: () => boolean
}

/** For `count` of a grouped table. */
export const counting: TableAggregation<unknown, unknown, number> = Object.freeze({
  initializer: () => 0,
  adder: (count: number) => count + 1,
  subtractor: (count: number) => count - 1
})

/** Takes the old value out of its group's aggregate, then brings the new one in, and hands on the result once. */
export function tableAggregate<K, V, A> (
  { initializer, adder, subtractor, materialization, sendsOldValues }: TableAggregate<K, V, A>
): Wire<K, Change<V>, K, Change<A>> {
  return (execution, node, forward) => {
    const table = openMaterialized(execution, node, materialization, sendsOldValues(), forward)
    return within(execution, node, record => {
      const { key, value: change, timestamp } = record
      const stored = table.get(key)
      const oldValue = stored?.value ?? null
      const without = oldValue === null || change.oldValue === null ? oldValue : subtractor(oldValue, change.oldValue, key)
      const newValue = change.newValue === null ? without : adder(without ?? initializer(), change.newValue, key)
      const took = change.newValue !== null || change.oldValue !== null
      table.update(record, { newValue, oldValue, timestamp: stored !== undefined && took ? Math.max(timestamp, stored.timestamp) : timestamp })
    })
  }
}
