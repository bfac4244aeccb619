import { TopologyError } from '../../errors.ts'
import type { GraphNode } from '../graph-node.ts'
import { StreamSourceNode } from '../source-node.ts'

/** Several streams of one topic are one source: a topic is read once. */
export function mergeSources ({ root, topology }: { readonly root: GraphNode, readonly topology: string }): void {
  const first = new Map<string, StreamSourceNode>()
  for (const node of [...root.children]) {
    if (!(node instanceof StreamSourceNode)) continue
    const known = first.get(node.topic.name)
    if (known === undefined) {
      first.set(node.topic.name, node)
      continue
    }
    if (known.topic.key.name !== node.topic.key.name || known.topic.value.name !== node.topic.value.name) {
      throw new TopologyError(`Topology '${topology}' reads topic '${node.topic.name}' with two kinds of key or value; define the topic once and use it twice.`)
    }
    if (known.offsetReset !== node.offsetReset) {
      throw new TopologyError(`Topology '${topology}' reads topic '${node.topic.name}' from two places, ${known.offsetReset ?? 'where the worker is told'} and ${node.offsetReset ?? 'where the worker is told'}; a topic is read once, so give both the same offsetReset.`)
    }
    if (known.timestampExtractor !== node.timestampExtractor) {
      throw new TopologyError(`Topology '${topology}' reads topic '${node.topic.name}' with two timestampExtractors; a topic is read once, so give both places the same one.`)
    }
    for (const child of [...node.children]) {
      node.removeChild(child)
      known.addChild(child)
    }
    root.removeChild(node)
  }
}
