import { GraphNode } from './graph-node.ts'
import { inner } from './inner.ts'
import type { LogicalGraph } from './logical-graph.ts'
import { GlobalTableCopy, readGlobalTable } from './operators/global-table.ts'
import { resolveStore, type StoreOptions } from './store-options.ts'
import type { Naming } from './stream.ts'
import type { Topic } from './topic.ts'
import type { ValueGetterSupplier } from './value-getter.ts'
import type { Serde } from '../serdes/serde.ts'

/** A topic of which each process holds all rows in memory, as the worker and the description see it. */
export interface GlobalSource {
  readonly sourceName: string
  readonly name: string
  readonly storeName: string
  readonly topic: Topic
  readonly value: Serde<unknown>
}

/** All rows of a topic in every process, to be joined with by any key. A change of it makes no result. */
export class GlobalTable<K, V> {
  readonly [inner]: { readonly source: GlobalSource, readonly getter: ValueGetterSupplier<K, V> }

  constructor (source: GlobalSource, getter: ValueGetterSupplier<K, V>) {
    this[inner] = { source, getter }
  }
}

export function addGlobalTable<K, V> (graph: LogicalGraph, topic: Topic<K, V>, { name: given, store: options }: Naming & { readonly store?: Pick<StoreOptions<K, V>, 'name'> } = {}): GlobalTable<K, V> {
  const store = resolveStore(graph, options, `${topic.name}-`, { key: topic.key, value: topic.value })
  const sourceName = graph.suffixOr(given, '-source', 'KSTREAM-SOURCE-')
  const name = graph.nameOr(given, 'KTABLE-SOURCE-')
  const source: GlobalSource = { sourceName, name, storeName: store.name, topic, value: topic.value }
  graph.add(graph.root, new GraphNode({ name: sourceName, write: physical => physical.addGlobal(source) }))
  return new GlobalTable<K, V>(source, {
    stores: [],
    // The copy of a global source is filled by its own value serde.
    open: execution => readGlobalTable(execution.global(source) as GlobalTableCopy<V>, topic.key)
  })
}
