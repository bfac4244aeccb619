import { openTable, storedValues, type TableStore } from './operators/table-store.ts'
import type { ResolvedStore } from './store-options.ts'
import type { ValueGetterSupplier } from './value-getter.ts'
import { keyBytes } from '../stores/key-bytes.ts'
import type { KeyValueStore } from '../stores/key-value-store.ts'
import { defineOrdered } from '../stores/ordered.ts'
import { defineVersioned } from '../stores/versioned.ts'

/** A store as the operators of tables want it: with a history it keeps versions. */
export function tableStore<K, V> ({ name, key, value, isNamed }: ResolvedStore<K, V>, historyRetentionMs?: number, { isAggregate = false }: { readonly isAggregate?: boolean } = {}): TableStore<K, V> {
  return historyRetentionMs === undefined
    ? { kind: 'timestamped', key, rows: defineOrdered({ name, value, contents: { shape: 'key-value', key, value, isAggregate }, reading: isNamed ? { shape: 'key-value', key } : undefined }) }
    : { kind: 'versioned', key, rows: defineVersioned({ name, key, value, historyRetentionMs, reading: isNamed ? { shape: 'versioned', key, historyRetentionMs } : undefined }) }
}

/** A store as the aggregates of streams want it. */
export function keyValueOf<K, V> (table: TableStore<K, V>, { name, caching }: { readonly name: string, readonly caching: boolean }): KeyValueStore<K, V> & { readonly getter: ValueGetterSupplier<K, V> } {
  const getter = storedValues(table)
  return {
    name,
    stores: getter.stores,
    getter,
    caching: caching && table.kind === 'timestamped',
    open (execution, node) {
      const { get, put } = openTable(execution, node, table)
      return { get, put, storeKey: key => keyBytes(table.key, key) }
    }
  }
}
