import { changeForwarder } from './operators/change-forwarder.ts'
import type { Materialization } from './operators/materialized.ts'
import type { TableStore } from './operators/table-store.ts'
import type { ResolvedStore } from './store-options.ts'
import { defineOrdered } from '../stores/ordered.ts'
import { defineVersioned } from '../stores/versioned.ts'

/** A store as the operators of tables want it: with a history it keeps versions. */
export function tableStore<K, V> ({ name, key, value }: ResolvedStore<K, V>, historyRetentionMs?: number): TableStore<K, V> {
  return historyRetentionMs === undefined
    ? { kind: 'timestamped', key, rows: defineOrdered({ name, value }) }
    : { kind: 'versioned', key, rows: defineVersioned({ name, value, historyRetentionMs }) }
}

export function materialization<K, V> (store: TableStore<K, V>, caching: boolean): Materialization<K, V> {
  return {
    store,
    caching,
    openForwarder: (execution, forward, { caching, sendsOldValues }) => changeForwarder(execution, { caching, sendsOldValues: () => sendsOldValues }, forward)
  }
}
