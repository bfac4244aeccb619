import type { GraphNode } from './graph-node.ts'
import type { LogicalGraph } from './logical-graph.ts'
import type { Serde } from '../serdes/serde.ts'

/** Opens what streams and tables keep for each other, and nobody else sees. */
export const inner: unique symbol = Symbol('inner')

/** Where in the graph a stream or table is. */
export interface Place<K, V> {
  readonly graph: LogicalGraph
  readonly node: GraphNode
  readonly name: string
  /** undefined: not known since the key was changed. */
  readonly key: Serde<K> | undefined
  readonly value: Serde<V> | undefined
}
