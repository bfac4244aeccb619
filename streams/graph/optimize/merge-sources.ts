import { TopologyError } from '../../errors.ts'
import type { LogicalGraph } from '../logical-graph.ts'
import { StreamSourceNode } from '../source-node.ts'

/** Several streams of the same topics, or of the same pattern, are one source: a topic is read once. */
export function mergeSources ({ root, topology }: LogicalGraph): void {
  const known = new Map<string, StreamSourceNode>()
  for (const node of [...root.children]) {
    if (!(node instanceof StreamSourceNode)) continue
    const what = wordsOf(node)
    const same = known.get(what)
    if (same === undefined) {
      checkOverlap(topology, known.values(), node)
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

/** As in Kafka Streams, sources of several topics are merged only where all of them are the same. */
function checkOverlap (topology: string, others: Iterable<StreamSourceNode>, { selection }: StreamSourceNode): void {
  if ('pattern' in selection) return
  for (const other of others) {
    if ('pattern' in other.selection) continue
    const read = other.selection.topics.map(({ name }) => name)
    const shared = selection.topics.find(({ name }) => read.includes(name))
    if (shared !== undefined) {
      throw new TopologyError(`Topology '${topology}' reads topic '${shared.name}' with two sources, of ${read.join(', ')} and of ${selection.topics.map(({ name }) => name).join(', ')}; give both the same topics, or merge() streams of one topic each.`)
    }
  }
}
