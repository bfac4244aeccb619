import type { Execution } from '../graph/execution.ts'
import type { Node } from '../graph/node.ts'
import type { ValueAndTimestamp } from '../graph/value-getter.ts'
import type { Store } from './store.ts'

/** What an aggregate needs of the store of its rows. */
export interface KeyValueStore<K, V> {
  readonly name: string
  readonly stores: readonly Store[]
  /** Several changes of a row by one input record go on as one. */
  readonly caching: boolean
  readonly open: (execution: Execution, node: Node) => OpenKeyValueStore<K, V>
}

export interface OpenKeyValueStore<K, V> {
  readonly storeKey: (key: K) => string
  readonly get: (key: K) => ValueAndTimestamp<V> | undefined
  /** null deletes. What it answers only a store of versions says otherwise: an old version is not the latest, and too old a one is not kept. */
  readonly put: (key: K, value: V | null, timestamp: number) => 'latest' | 'older' | 'not-put'
}
