import type { Contract } from './contract.ts'
import { GraphNode, type GraphNodeOptions } from './graph-node.ts'
import type { NodeKind } from './node.ts'
import type { AnyWire } from './physical-graph.ts'
import type { RoutingWire } from './wire.ts'
import type { Store } from '../stores/store.ts'

/** An operator that is one running node. */
export function singleNode<K, V, K2, V2> (
  { name, kind = 'processor', wire, stores = [], actsByTime = false, contract, ...options }: Omit<GraphNodeOptions, 'write'> &
  { readonly kind?: NodeKind, readonly wire?: RoutingWire<K, V, K2, V2>, readonly stores?: readonly Store[], readonly actsByTime?: boolean, readonly contract?: Contract<unknown> | undefined }
): GraphNode {
  return new GraphNode({
    ...options,
    name,
    write: (graph, parents) => graph.add({ kind, name, parents, stores, actsByTime, contract, ...(wire === undefined ? {} : { wire: erase(wire) }) })
  })
}

/** The typed classes put a wire only behind nodes that hand on what it takes; the graph itself cannot say so. */
export function erase<K, V, K2, V2> (wire: RoutingWire<K, V, K2, V2>): AnyWire {
  return wire as unknown as AnyWire
}
