import type { Node } from './node.ts'

/**
 * The nodes behind a source that know what to do with a record which could not be decoded: validations hand it on, branches route it.
 * All others are promised values of their type, and are not given it. What is merged behind the source is looked through.
 */
export function routersOfRejects (node: Node, childrenOf: (node: Node) => readonly Node[]): Node[] {
  return childrenOf(node).flatMap(child => {
    switch (child.kind) {
      case 'validate': case 'branch': case 'dead-letter-sink': return [child]
      case 'merge': return routersOfRejects(child, childrenOf)
      default: return []
    }
  })
}
