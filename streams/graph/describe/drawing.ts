import type { Node } from '../node.ts'
import type { SubTopology } from '../sub-topologies.ts'
import type { Topic } from '../topic.ts'
import { foundTopic } from '../topic-pattern.ts'
import type { NumberedGlobal, Topology } from '../topology.ts'
import { storeLabel, topicLabel } from './labels.ts'

/**
 * What the drawings show. Sources and sinks are drawn as their topics, and the cases of a branch as words on its edges, so
 * that every box is a node somebody wrote. Identifiers are numbers, in order of definition.
 */
export interface Drawing {
  readonly topics: readonly (Shape & { readonly internal: boolean })[]
  readonly groups: readonly Group[]
  readonly edges: readonly Edge[]
}

export interface Shape {
  readonly id: string
  /** The name; what else is to be known stands in a line below it. */
  readonly label: readonly string[]
}

export interface Group extends Shape {
  readonly nodes: readonly (Shape & { readonly branches: boolean })[]
  readonly stores: readonly Shape[]
}

export interface Edge {
  readonly from: string
  readonly to: string
  readonly label: string
  /** record: the way of records · change: that of a table's rows · dead-letter: of what was turned away · state: a node and its store, or a global table. */
  readonly kind: 'record' | 'change' | 'dead-letter' | 'state'
}

export function draw (topology: Topology): Drawing {
  const drawn = new Map([...topology.nodes.flatMap(topicsOf), ...topology.globals.map(({ topic }) => topic)].map(topic => [topic.name, topic]))
  const topics = numbered('topic', [...drawn.keys()])
  const stores = numbered('store', topology.stores.map(({ name }) => name))
  const idsOf = (node: Node): string[] => isEnd(node) ? topicsOf(node).flatMap(({ name }) => topics.get(name) ?? []) : [`node${node.index}`]
  const idOf = (node: Node): string => idsOf(node)[0] ?? ''
  return {
    topics: [...drawn.values()].map(topic => ({ id: topics.get(topic.name) ?? '', label: topicLabel(topic), internal: topic.internal })),
    // What only passes records from topic to topic has nothing to show.
    groups: [...topology.subTopologies.map(subTopology => groupOf(subTopology, { idOf, stores })), ...topology.globals.map(globalGroup)].filter(({ nodes, stores }) => nodes.length + stores.length > 0),
    edges: [
      ...topology.nodes.filter(isDrawn).flatMap(node => node.parents.flatMap(parent => edgesTo(node, parent, idsOf, topology.tables))),
      ...topology.globals.flatMap(global => globalEdges(global, topics.get(global.topic.name) ?? '', topology.nodes.filter(({ name }) => global.readers.includes(name)).map(idOf))),
      ...topology.nodes.flatMap(node => node.stores.map(({ name }): Edge => ({ from: idOf(node), to: stores.get(name) ?? '', label: '', kind: 'state' })))
    ]
  }
}

/** What it calls, how, and what becomes of what fails. */
function callsLabel ({ calls }: Node): string[] {
  if (calls === undefined) return []
  const { concurrency, order, needs, retry } = calls.processor
  const delays = retry.kind === 'delay-topics' ? ` ${retry.delays.map(({ text }) => text).join(', ')}` : ''
  return [`${concurrency} calls at once, order: ${order}`, `retry: ${retry.kind}${delays}`, ...needs.length === 0 ? [] : [`needs ${needs.map(({ name }) => name).join(', ')}`]]
}

function groupOf (
  { id, name, nodes, stores }: SubTopology, ids: { readonly idOf: (node: Node) => string, readonly stores: ReadonlyMap<string, string> }
): Group {
  return {
    id: `sub${id}`,
    label: [name],
    nodes: nodes.filter(node => isDrawn(node) && !isEnd(node)).map(node => ({ id: ids.idOf(node), label: [node.name, ...callsLabel(node)], branches: node.kind === 'branch' })),
    stores: stores.map(store => ({ id: ids.stores.get(store.name) ?? '', label: storeLabel(store) }))
  }
}

/** Each process has a copy of its own: it belongs to no sub-topology. */
function globalGroup ({ id, name, storeName }: NumberedGlobal): Group {
  return { id: `sub${id}`, label: ['global table'], nodes: [{ id: `global${id}`, label: [name], branches: false }], stores: [{ id: `copy${id}`, label: [storeName] }] }
}

function globalEdges ({ id }: NumberedGlobal, topic: string, readers: readonly string[]): Edge[] {
  return [
    { from: topic, to: `global${id}`, label: '', kind: 'record' },
    { from: `global${id}`, to: `copy${id}`, label: '', kind: 'state' },
    ...readers.map((reader): Edge => ({ from: `copy${id}`, to: reader, label: '', kind: 'state' }))
  ]
}

/** Where a choice is left to each record there is a box of its own. */
function isEnd ({ topic, topics, pattern }: Node): boolean {
  return topic !== undefined || topics.length > 0 || pattern !== undefined
}

/** A pattern is drawn as a topic that is called like it. */
function topicsOf ({ topic, topics, pattern }: Node): Topic[] {
  return [...topic === undefined ? topics : [topic], ...pattern === undefined ? [] : [foundTopic(pattern, pattern.pattern)]]
}

function edgesTo (node: Node, parent: Node, idsOf: (node: Node) => string[], tables: Topology['tables']): Edge[] {
  const kind = node.kind === 'dead-letter-sink' ? 'dead-letter' : tables.has(parent.name) || (node.kind === 'merge' && tables.has(node.name)) ? 'change' : 'record'
  const [branch] = parent.parents
  const [from, label] = parent.kind !== 'branch-case' || branch === undefined ? [parent, ''] : [branch, parent.name.slice(branch.name.length + 1)]
  return idsOf(from).flatMap(start => idsOf(node).map((end): Edge => ({ from: start, to: end, label, kind })))
}

function isDrawn ({ kind }: Node): boolean {
  return kind !== 'branch-case'
}

function numbered (prefix: string, names: readonly string[]): Map<string, string> {
  return new Map([...new Set(names)].map((name, index) => [name, prefix + index]))
}
