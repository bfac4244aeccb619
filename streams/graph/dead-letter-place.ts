import type { Node } from './node.ts'
import type { DeadLetterFormat } from './stream.ts'
import type { Topic } from './topic.ts'
import type { Topology } from './topology.ts'

/** A topic for what cannot be processed, and how it is written there. */
export interface DeadLetters {
  readonly topic: Topic
  /** raw: the source's bytes, and why in headers · envelope: those wrapped in JSON too. */
  readonly format: DeadLetterFormat
}

export interface DeadLetterPlace extends DeadLetters {
  /** The sink that stands for it in the graph; undefined: it is that of all sources of the topology. */
  readonly node: Node | undefined
}

type Graph = Pick<Topology, 'nodes' | 'sources' | 'deadLetterFormats'>

/**
 * Where records of a source go that a node or a store fails on: the first place for dead letters that its own rejects can reach;
 * behind an internal topic without one, that of a source whose records lead there; else the topology's.
 */
export function deadLetterPlaceOf (topology: Graph, source: Node): DeadLetterPlace | undefined {
  const sources = new Set([source])
  for (const each of sources) {
    const node = firstSinkBehind(topology, each)
    if (node?.topic !== undefined) return placeOf(topology, node)
    if (each.topic?.internal !== true) continue
    for (const node of topology.nodes) if (node.kind === 'sink' && node.topic === each.topic) for (const before of sourcesBefore(node)) sources.add(before)
  }
  const deadLetters = topology.sources.find(({ node }) => node === source)?.deadLetters
  return deadLetters && { ...deadLetters, node: undefined }
}

export function placeOf ({ deadLetterFormats }: Pick<Topology, 'deadLetterFormats'>, node: Node): DeadLetterPlace | undefined {
  return node.topic && { topic: node.topic, format: deadLetterFormats.get(node) ?? 'raw', node }
}

function firstSinkBehind ({ nodes }: Graph, source: Node): Node | undefined {
  const reached = new Set([source])
  for (const node of nodes) {
    if (!node.parents.some(parent => reached.has(parent))) continue
    if (node.kind === 'dead-letter-sink') return node
    reached.add(node)
  }
  return undefined
}

function sourcesBefore (node: Node): Node[] {
  return node.kind === 'source' ? [node] : node.parents.flatMap(sourcesBefore)
}
