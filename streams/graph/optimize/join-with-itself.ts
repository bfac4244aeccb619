import type { LogicalGraph } from '../logical-graph.ts'
import { StreamJoinNode } from '../stream-join-node.ts'

/** A stream joined with itself needs one store, not two. */
export function joinWithItself ({ nodes }: LogicalGraph): void {
  for (const node of nodes) {
    const [parent, another] = node.parents
    if (!(node instanceof StreamJoinNode) || parent === undefined || another !== undefined) continue
    const other = [...parent.children].find(({ name }) => name === node.otherWindowed)
    if (other !== undefined) parent.removeChild(other)
    node.isSelfJoin = true
  }
}
