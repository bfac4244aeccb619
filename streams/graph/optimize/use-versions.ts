import { TopologyError } from '../../errors.ts'
import type { GraphNode } from '../graph-node.ts'
import type { LogicalGraph } from '../logical-graph.ts'

/** Tells the nodes for which it matters that the rows before them keep versions: from a store, or handed on by what stands between. */
export function useVersions ({ nodes, root, topology }: LogicalGraph): void {
  for (const node of nodes) {
    for (const parent of node.parents) if (handsOnVersions(parent, root)) node.options.useVersions?.(parent)
    if (node.options.isSuppress === true && areParentsVersioned(node, root)) {
      throw new TopologyError(`Topology '${topology}' suppresses '${node.name}' behind a versioned table; suppress() is for tables without versions.`)
    }
  }
}

function handsOnVersions (node: GraphNode, root: GraphNode): boolean {
  return node.options.versioned ?? areParentsVersioned(node, root)
}

function areParentsVersioned (node: GraphNode, root: GraphNode): boolean {
  return node !== root && [...node.parents].every(parent => handsOnVersions(parent, root))
}
