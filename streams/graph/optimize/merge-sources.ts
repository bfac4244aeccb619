import { TopologyError } from '../../errors.ts'
import type { GraphNode } from '../graph-node.ts'
import { StreamSourceNode } from '../source-node.ts'

/** Several streams of the same topics, or of the same pattern, are one source: a topic is read once. Where only some are the same the sources stay two, and are refused. */
export function mergeSources ({ root, topology }: { readonly root: GraphNode, readonly topology: string }): void {
  const known = new Map<string, StreamSourceNode>()
  for (const node of [...root.children]) {
    if (!(node instanceof StreamSourceNode)) continue
    const what = wordsOf(node)
    const same = known.get(what)
    if (same === undefined) {
      known.set(what, node)
      continue
    }
    checkAlike(topology, what, same, node)
    for (const child of [...node.children]) {
      node.removeChild(child)
      same.addChild(child)
    }
    root.removeChild(node)
  }
}

function wordsOf ({ selection }: StreamSourceNode): string {
  if ('pattern' in selection) return `pattern /${selection.pattern.pattern}/${selection.pattern.flags}`
  return `topic ${selection.topics.map(({ name }) => `'${name}'`).sort().join(', ')}`
}

function checkAlike (topology: string, what: string, one: StreamSourceNode, other: StreamSourceNode): void {
  if (serdesOf(one) !== serdesOf(other)) {
    throw new TopologyError(`Topology '${topology}' reads ${what} with two kinds of key or value; define it once and use it twice.`)
  }
  if (one.offsetReset !== other.offsetReset) {
    throw new TopologyError(`Topology '${topology}' reads ${what} from two places, ${one.offsetReset ?? 'where the worker is told'} and ${other.offsetReset ?? 'where the worker is told'}; a topic is read once, so give both the same offsetReset.`)
  }
  if (one.timestampExtractor !== other.timestampExtractor) {
    throw new TopologyError(`Topology '${topology}' reads ${what} with two timestampExtractors; a topic is read once, so give both places the same one.`)
  }
}

function serdesOf ({ selection }: StreamSourceNode): string {
  const read = 'pattern' in selection ? [{ ...selection.pattern, name: '' }] : selection.topics
  return read.map(({ name, key, value }) => JSON.stringify([name, key.name, value.name])).sort().join()
}
