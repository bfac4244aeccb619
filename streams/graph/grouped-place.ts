import type { GraphNode } from './graph-node.ts'
import type { LogicalGraph } from './logical-graph.ts'
import { newRepartition } from './repartition.ts'
import type { RepartitionNode } from './repartition-node.ts'
import type { Serde } from '../serdes/serde.ts'

export interface GroupedPlaceOptions<K, V> {
  readonly graph: LogicalGraph
  readonly node: GraphNode
  readonly name: string
  readonly key: Serde<K> | undefined
  readonly value: Serde<NonNullable<V>> | undefined
  readonly isRekeyed: boolean
  /** Given by the topology's author; aggregates of one named group share its topic. */
  readonly repartitionName: string | undefined
}

/** Where a grouped stream is, and the repartition before its aggregates. */
export class GroupedPlace<K, V> {
  readonly graph: LogicalGraph
  readonly node: GraphNode
  readonly name: string
  readonly key: Serde<K> | undefined
  readonly value: Serde<NonNullable<V>> | undefined
  readonly isRekeyed: boolean
  readonly repartitionName: string | undefined
  #repartition: RepartitionNode | undefined

  constructor ({ graph, node, name, key, value, isRekeyed, repartitionName }: GroupedPlaceOptions<K, V>) {
    this.graph = graph
    this.node = node
    this.name = name
    this.key = key
    this.value = value
    this.isRekeyed = isRekeyed
    this.repartitionName = repartitionName
  }

  /** The node that an aggregate over this store hangs on. */
  parentFor (storeName: string): GraphNode {
    if (!this.isRekeyed) return this.node
    // Made, and its numbers used up, also where the one before is taken again.
    const fresh = newRepartition(this.graph, { prefix: this.repartitionName ?? storeName, key: this.key, value: this.value })
    if (this.#repartition === undefined || this.repartitionName === undefined) this.#repartition = fresh
    this.graph.add(this.node, this.#repartition)
    return this.#repartition
  }
}
