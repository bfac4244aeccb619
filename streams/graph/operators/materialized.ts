import type { Change } from '../change.ts'
import type { Execution } from '../execution.ts'
import type { Node } from '../node.ts'
import type { Forward, StreamRecord } from '../record.ts'
import { keyBytes } from '../../stores/key-bytes.ts'
import { changeForwarder } from './change-forwarder.ts'
import { openTable, type TableRows, type TableStore } from './table-store.ts'

/** How a table's operator keeps its result. */
export interface Materialization<K, V> {
  readonly store: TableStore<K, V>
  /** Several updates of one key by one record become one. Versioned stores have no cache, whatever stands here. */
  readonly caching: boolean
}

export interface MaterializedTable<K, V> extends Pick<TableRows<K, V>, 'get'> {
  /** Then old values have to be those of the store. */
  readonly isCached: boolean
  /** Whether updates have to come with the value that the row had: somebody behind asks for it, or the cache tells by it what was never there. */
  readonly needsOldValues: boolean
  /** Changes the row and hands the change on; what a versioned store does not take goes no further. */
  readonly update: (record: StreamRecord<K, unknown>, change: { readonly newValue: V | null, readonly oldValue: V | null, readonly timestamp?: number }) => void
}

export function openMaterialized<K, V> (
  execution: Execution, node: Node, { store, caching: wantsCaching }: Materialization<K, V>, sendsOldValues: boolean, forward: Forward<K, Change<V>>
): MaterializedTable<K, V> {
  const rows = openTable(execution, node, store)
  const caching = wantsCaching && store.kind === 'timestamped'
  const forwarder = changeForwarder(execution, { caching, sendsOldValues: () => sendsOldValues }, forward)
  return {
    get: rows.get,
    isCached: caching,
    needsOldValues: sendsOldValues || caching,
    update ({ key, headers, timestamp: recordTimestamp }, { newValue, oldValue, timestamp = recordTimestamp }) {
      const put = rows.put(key, newValue, timestamp)
      if (put === 'not-put') return
      forwarder.forward(keyBytes(store.key, key), {
        key,
        value: { newValue, oldValue, isLatest: put === 'latest' },
        // A deleted row keeps no timestamp, so a cache has only that of the record which deleted it.
        timestamp: caching && newValue === null ? recordTimestamp : timestamp,
        headers
      })
    }
  }
}
