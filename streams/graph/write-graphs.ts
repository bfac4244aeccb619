import type { GraphNode } from './graph-node.ts'
import type { LogicalGraph } from './logical-graph.ts'
import { mergeSources } from './optimize/merge-sources.ts'
import { PhysicalGraph } from './physical-graph.ts'
import type { RootNode } from './root-node.ts'

/** Optimizes the graphs that hang on one root, and writes all their nodes down; they are of no use afterwards. */
export function writeGraphs (topology: string, root: RootNode, graphs: readonly LogicalGraph[]): PhysicalGraph {
  mergeSources({ topology, root })
  for (const graph of graphs) graph.optimize()
  const topologies = new Map(graphs.flatMap(({ topology, nodes }) => nodes.map(node => [node, topology])))
  const physical = new PhysicalGraph(topology)
  const waiting = new Set<GraphNode>([root])
  while (waiting.size > 0) {
    const next = [...waiting].reduce((first, node) => node.priority < first.priority ? node : first)
    waiting.delete(next)
    if (!next.isWritten && [...next.parents].every(({ isWritten }) => isWritten)) {
      physical.writing = topologies.get(next) ?? topology
      next.write(physical)
    }
    for (const child of next.children) if (!child.isWritten) waiting.add(child)
  }
  return physical
}
