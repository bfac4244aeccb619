import type { Change } from '../change.ts'
import type { Execution } from '../execution.ts'
import type { Node } from '../node.ts'
import type { Forward, StreamRecord } from '../record.ts'
import { changeForwarder } from './change-forwarder.ts'
import { openTable, type TableRows, type TableStore } from './table-store.ts'

/** How a table's operator keeps its result. */
export interface Materialization<K, V> {
  readonly store: TableStore<K, V>
  /** Several updates of one key by one record become one. Versioned stores have no cache, whatever stands here. */
  readonly caching: boolean
}

export interface MaterializedTable<K, V> extends Pick<TableRows<K, V>, 'get'> {
  /** Changes the row and hands the change on; what a versioned store does not take goes no further. */
  readonly update: (record: StreamRecord<K, unknown>, change: TableUpdate<V>) => void
}

export interface TableUpdate<V> {
  readonly newValue: V | null
  /** null also where nobody asks for it. */
  readonly oldValue: V | null
  /** Left out: the record's. */
  readonly timestamp?: number
}

export function openMaterialized<K, V> (
  execution: Execution, node: Node, { store, caching: wantsCaching }: Materialization<K, V>, sendsOldValues: boolean, forward: Forward<K, Change<V>>
): MaterializedTable<K, V> {
  const { get, put, bytesOf } = openTable(execution, node, store)
  const caching = wantsCaching && store.kind === 'timestamped'
  const forwarder = changeForwarder(execution, { caching, sendsOldValues: () => sendsOldValues }, forward)
  return {
    get,
    update (record, { newValue, oldValue, timestamp = record.timestamp }) {
      const { key, headers } = record
      // A cache tells by what the store had whether a row was ever there.
      const stored = caching ? get(key)?.value ?? null : null
      const took = put(key, newValue, timestamp)
      if (took === 'not-put') return
      // A deleted row keeps no timestamp, so a cache has only that of the record which deleted it.
      const forwarded = caching && newValue === null ? record.timestamp : timestamp
      forwarder.forward(bytesOf(key), { key, value: { newValue, oldValue, isLatest: took === 'latest' }, timestamp: forwarded, headers }, stored)
    }
  }
}
