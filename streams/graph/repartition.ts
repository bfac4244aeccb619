import type { GraphNode } from './graph-node.ts'
import type { LogicalGraph } from './logical-graph.ts'
import { RepartitionNode } from './repartition-node.ts'
import type { Serde } from '../serdes/serde.ts'
import { keySerde, valueSerde } from './store-options.ts'
import type { Partitioner } from './operators/repartition.ts'
import type { Partitioning } from './topic.ts'

export interface UnfinishedRepartition<K, V> {
  readonly prefix: string
  readonly key: Serde<K> | undefined
  readonly value: Serde<V> | undefined
  readonly partitions?: Partitioning
  readonly partitioner?: Partitioner<never, never> | undefined
  readonly isExplicit?: boolean
}

export function newRepartition<K, V> (graph: LogicalGraph, { key, value, ...options }: UnfinishedRepartition<K, V>): RepartitionNode {
  // Behind this node stand the operators of a stream of K and V, and no others.
  return new RepartitionNode(graph, { ...options, key: (key ?? keySerde<K>()) as Serde<unknown>, value: (value ?? valueSerde<V>()) as Serde<unknown> })
}

export function addRepartition<K, V> (graph: LogicalGraph, parent: GraphNode, options: UnfinishedRepartition<K, V>): RepartitionNode {
  const node = newRepartition(graph, options)
  graph.add(parent, node)
  return node
}
