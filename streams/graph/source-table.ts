import { GraphNode } from './graph-node.ts'
import type { LogicalGraph } from './logical-graph.ts'
import { tableStore } from './materialize.ts'
import { storeOf, storedValues } from './operators/table-store.ts'
import { tableSource } from './operators/table-source.ts'
import type { PhysicalGraph } from './physical-graph.ts'
import { erasedExtractor, type SourceOptions } from './source-node.ts'
import { erase } from './stateless.ts'
import { resolveStore, type ResolvedStore, type TableStoreOptions } from './store-options.ts'
import type { Naming } from './stream.ts'
import { SourceRows } from './table-rows.ts'
import { Table } from './table.ts'
import type { Topic } from './topic.ts'

/** A topic read as a table: a source, and the node that keeps its rows. */
export function addSourceTable<K, V> (graph: LogicalGraph, topic: Topic<K, V>, { name: given, store: options, offsetReset, timestampExtractor }: Naming & SourceOptions<K, V> & { readonly store?: TableStoreOptions<K, V> } = {}): Table<K, V> {
  const store = resolveStore(graph, options, `${topic.name}-`, { key: topic.key, value: topic.value })
  const sourceName = graph.suffixOr(given, '-source', 'KSTREAM-SOURCE-')
  const name = graph.nameOr(given, 'KTABLE-SOURCE-')
  return addRows(graph, graph.root, {
    name,
    store,
    historyRetentionMs: options?.historyRetentionMs,
    addParents (physical) {
      physical.add({ kind: 'source', name: sourceName, parents: [], topic, offsetReset, timestampExtractor: erasedExtractor(timestampExtractor) })
      return [sourceName]
    }
  })
}

export interface RowsOptions<K, V> {
  readonly name: string
  readonly store: ResolvedStore<K, V>
  readonly historyRetentionMs: number | undefined
  /** Adds what stands before the node, and gives its names; left out: the parents of the operator. */
  readonly addParents?: (physical: PhysicalGraph) => readonly string[]
}

/** A node that makes records rows. It keeps them where it has a name to be read by, or somebody behind it needs them. */
export function addRows<K, V> (graph: LogicalGraph, parent: GraphNode, { name, store, historyRetentionMs, addParents }: RowsOptions<K, V>): Table<K, V> {
  const table = tableStore(store, historyRetentionMs)
  const rows = new SourceRows(storedValues(table), store.isNamed)
  const node = new GraphNode({
    name,
    versioned: historyRetentionMs !== undefined,
    write (physical, parents) {
      const wire = tableSource({ materialization: () => rows.isMaterialized ? { store: table, caching: store.caching } : undefined, sendsOldValues: () => rows.sendsOldValues })
      physical.add({ kind: 'processor', name, parents: addParents?.(physical) ?? parents, wire: erase(wire), stores: rows.isMaterialized ? [storeOf(table)] : [] })
    }
  })
  graph.add(parent, node)
  return new Table<K, V>({ graph, node, name, key: store.key, value: store.value, rows, historyRetentionMs })
}
