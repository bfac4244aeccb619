import type { Node } from '../node.ts'
import type { SubTopology } from '../sub-topologies.ts'
import type { NumberedGlobal } from '../topology.ts'
import { ArrivalOrder } from './arrival-order.ts'
import { hashOrder } from './hash-order.ts'

/** A node with its neighbours, while Kafka Streams' order among them is found. */
interface Linked {
  readonly node: Node
  /** How many ways lead on from here, this node included: what has more behind it stands higher. */
  size: number
  readonly predecessors: ArrivalOrder<Linked>
  readonly successors: ArrivalOrder<Linked>
}

/**
 * Kafka Streams' `TopologyDescription` as text, character by character. Tools and people's diffs rely on its order, and that
 * comes from Java's collections: nodes are linked in the order of a hash set, neighbours sorted by what is behind them at that moment.
 */
export function describeAsText (subTopologies: readonly Pick<SubTopology, 'id' | 'nodes'>[], globals: readonly NumberedGlobal[] = []): string {
  const parts = [
    ...subTopologies.map(({ id, nodes }) => ({ id, text: `  Sub-topology: ${id}\n${describeNodes(nodes)}\n` })),
    ...globals.map(global => ({ id: global.id, text: describeGlobal(global) }))
  ]
  return `Topologies:\n ${parts.sort((a, b) => a.id - b.id).map(({ text }) => text).join('')}`
}

function describeGlobal ({ id, sourceName, name, storeName, topic }: NumberedGlobal): string {
  return `  Sub-topology: ${id} for global store (will not generate tasks)\n` +
    `    Source: ${sourceName} (topics: [${topic.name}])\n      --> ${name}\n` +
    `    Processor: ${name} (stores: [${storeName}])\n      --> none\n      <-- ${sourceName}\n`
}

function describeNodes (nodes: readonly Node[]): string {
  return link(nodes).sort((a, b) => isBefore(a, b) ? -1 : 1).map(linked => `    ${describeNode(linked)}\n`).join('')
}

function describeNode ({ node, predecessors, successors }: Linked): string {
  const onward = `\n      --> ${namesOf(successors)}`
  const back = `\n      <-- ${namesOf(predecessors)}`
  switch (node.kind) {
    case 'source': return `Source: ${node.name} (topics: ${topicsOf(node)})${onward}`
    case 'sink': case 'dead-letter-sink': {
      const to = node.choice === undefined ? `topic: ${node.topic?.name ?? ''}` : `extractor class: ${node.choice.chooser}`
      return `Sink: ${node.name} (${to})${back}`
    }
    default: return `Processor: ${node.name} (stores: [${hashOrder(hashOrder(storesOf(node)), { isCopy: true }).join(', ')}])${onward}${back}`
  }
}

/** As Java prints a set of them, which was made from another; of a pattern its text. */
function topicsOf ({ topics, pattern }: Node): string {
  return pattern?.pattern ?? `[${hashOrder(topics.map(({ name }) => name), { isCopy: true }).join(', ')}]`
}

/** Where open windows are kept is in Kafka Streams no store of its own. */
function storesOf ({ stores }: Node): string[] {
  return stores.filter(store => store.kind !== 'ordered' || store.contents?.shape !== 'open-windows').map(({ name }) => name)
}

function namesOf (neighbours: ArrivalOrder<Linked>): string {
  return neighbours.values().map(({ node }) => node.name).join(', ') || 'none'
}

function link (nodes: readonly Node[]): Linked[] {
  const byName = new Map(nodes.map((node): [string, Linked] => [node.name, { node, size: 1, predecessors: new ArrivalOrder(isBefore), successors: new ArrivalOrder(isBefore) }]))
  const all = hashOrder(nodes.map(({ name }) => name)).flatMap(name => byName.get(name) ?? [])
  for (const linked of all) {
    for (const parent of linked.node.parents) {
      const predecessor = byName.get(parent.name)
      if (predecessor === undefined) continue
      linked.predecessors.add(predecessor)
      predecessor.successors.add(linked)
      grow(predecessor, linked.size)
    }
  }
  return all
}

/** Only what is linked already hears of it; the rest is told when it is linked. */
function grow (linked: Linked, by: number): void {
  linked.size += by
  for (const predecessor of linked.predecessors.values()) grow(predecessor, by)
}

function isBefore (a: Linked, b: Linked): boolean {
  return a.size === b.size ? a.node.name < b.node.name : a.size > b.size
}
