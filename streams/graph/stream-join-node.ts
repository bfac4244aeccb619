import { GraphNode, type GraphNodeOptions } from './graph-node.ts'
import type { PhysicalGraph } from './physical-graph.ts'

/** The join of two streams: both sides, what merges them, and their stores. */
export class StreamJoinNode extends GraphNode {
  /** The node that keeps the right side's records; of no use where both sides are one stream. */
  readonly otherWindowed: string
  isSelfJoin = false

  constructor (options: Omit<GraphNodeOptions, 'write'> & {
    readonly otherWindowed: string
    readonly writeTwoSides: (graph: PhysicalGraph) => void
    readonly writeSelfJoin: (graph: PhysicalGraph) => void
  }) {
    super({
      ...options,
      write: graph => this.isSelfJoin ? options.writeSelfJoin(graph) : options.writeTwoSides(graph)
    })
    this.otherWindowed = options.otherWindowed
  }
}
