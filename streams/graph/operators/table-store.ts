import type { Execution } from '../execution.ts'
import type { Node } from '../node.ts'
import type { Serde } from '../../serdes/serde.ts'
import type { ValueGetter, ValueGetterSupplier } from '../value-getter.ts'
import { lastKeyBytes } from '../../stores/key-bytes.ts'
import { openOrdered } from '../../stores/open-ordered.ts'
import { openVersioned, readVersioned } from '../../stores/open-versioned.ts'
import type { Ordered } from '../../stores/ordered.ts'
import type { Store } from '../../stores/store.ts'
import type { Versioned } from '../../stores/versioned.ts'

/** Where a table keeps its rows: one for each key, or versions of it. */
export type TableStore<K, V> =
  { readonly kind: 'timestamped', readonly key: Serde<K>, readonly rows: Ordered<V> } |
  { readonly kind: 'versioned', readonly key: Serde<K>, readonly rows: Versioned<V> }

/** latest: it is the key's row now · older: it is a version before that · not-put: too late for the history. */
export type Put = 'latest' | 'older' | 'not-put'

export interface TableRows<K, V> extends ValueGetter<K, V> {
  /** The key as the store has it. */
  readonly bytesOf: (key: K) => string
  /** null: the row goes. */
  readonly put: (key: K, value: V | null, timestamp: number) => Put
}

/** The store to which nodes are connected that use the table. */
export function storeOf<K, V> ({ kind, rows }: TableStore<K, V>): Store {
  return kind === 'timestamped' ? rows : rows.entries
}

/** Reads a table that has a store. */
export function storedValues<K, V> (store: TableStore<K, V>): ValueGetterSupplier<K, V> {
  return {
    stores: [storeOf(store)],
    open: execution => store.kind === 'timestamped' ? openTimestamped(execution, store.rows, store.key) : readVersioned(execution, store.rows, store.key)
  }
}

/** `node` is who drops what comes too late for a versioned store. */
export function openTable<K, V> (execution: Execution, node: Node, store: TableStore<K, V>): TableRows<K, V> {
  return store.kind === 'timestamped' ? openTimestamped(execution, store.rows, store.key) : openVersions(execution, node, store.rows, store.key)
}

function openTimestamped<K, V> (execution: Execution, rows: Ordered<V>, key: Serde<K>): TableRows<K, V> {
  const entries = openOrdered(execution, rows)
  const bytesOf = lastKeyBytes(key)
  return {
    bytesOf,
    get: each => entries.get(bytesOf(each)),
    getAsOf: undefined,
    put (each, value, timestamp) {
      if (value === null) entries.delete(bytesOf(each))
      else entries.put(bytesOf(each), value, timestamp)
      return 'latest'
    }
  }
}

function openVersions<K, V> (execution: Execution, node: Node, rows: Versioned<V>, key: Serde<K>): TableRows<K, V> {
  const { get, getAsOf, put } = openVersioned(execution, node, rows, key)
  return {
    bytesOf: lastKeyBytes(key),
    get,
    getAsOf,
    put (each, value, timestamp) {
      const validTo = put(each, value, timestamp)
      if (validTo === 'notPut') return 'not-put'
      return validTo === 'undefined' ? 'latest' : 'older'
    }
  }
}
