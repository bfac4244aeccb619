import type { GraphNode } from '../graph-node.ts'
import type { RepartitionNode } from '../repartition-node.ts'

/** Null keys pass a repartition only where a left or outer join stands behind it (KIP-962). */
export function letNullKeysPass (repartitions: readonly RepartitionNode[]): void {
  for (const node of repartitions) node.passesNullKeys = hasUse(node)
}

function hasUse (node: GraphNode): boolean {
  return [...node.children].some(child => child.options.allowsNullKeys === true || hasUse(child))
}
