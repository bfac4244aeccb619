import type { KeyValueStore } from '../../stores/key-value-store.ts'
import type { Change } from '../change.ts'
import type { Wire } from '../wire.ts'
import type { Aggregation } from './aggregation.ts'
import { changeForwarder } from './change-forwarder.ts'

export interface AggregateOptions<K, V, A> extends Aggregation<K, V, A> {
  readonly store: KeyValueStore<K, NonNullable<A>>
  readonly sendsOldValues: () => boolean
}

/** One aggregate per key. Several streams that are aggregated together have one such wire each, over the same store. */
export function aggregate<K, V, A> (
  { store, initializer, aggregator, sendsOldValues }: AggregateOptions<K, V, A>
): Wire<K | null, V | null, K, Change<NonNullable<A>>> {
  return (execution, node, forward) => {
    const rows = store.open(execution, node)
    const forwarder = changeForwarder(execution, { caching: store.caching, sendsOldValues, store }, forward)
    return ({ key, value, timestamp, headers }) => {
      if (key === null) return execution.drop(node, 'null-key')
      if (value === null) return execution.drop(node, 'null-value')
      const stored = rows.get(key)
      const before: A = stored === undefined ? initializer() : stored.value
      const previous = execution.enter(node)
      const newValue = aggregator(before, value, key) ?? null
      execution.leave(previous)
      const newTimestamp = stored === undefined ? timestamp : Math.max(timestamp, stored.timestamp)
      const put = rows.put(key, newValue, newTimestamp)
      if (put === 'not-put') return
      forwarder.forward(rows.storeKey(key), {
        key, value: { newValue, oldValue: before ?? null, isLatest: put === 'latest' }, timestamp: newTimestamp, headers
      }, stored?.value ?? null)
    }
  }
}
