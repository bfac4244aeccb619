import type { Node } from '../node.ts'
import type { SubTopology } from '../sub-topologies.ts'
import type { Topology } from '../topology.ts'

/**
 * What the drawings show. Sources and sinks are drawn as their topics, and the cases of a branch as words on its edges, so
 * that every box is a node somebody wrote. Identifiers are numbers, in order of definition.
 */
export interface Drawing {
  readonly topics: readonly Shape[]
  readonly groups: readonly Group[]
  readonly edges: readonly Edge[]
}

export interface Shape {
  readonly id: string
  readonly label: string
}

export interface Group extends Shape {
  readonly nodes: readonly (Shape & { readonly branches: boolean })[]
  readonly stores: readonly Shape[]
}

export interface Edge {
  readonly from: string
  readonly to: string
  readonly label: string
  /** record: the way of records · dead-letter: the way of those turned away · state: a node and its store. */
  readonly kind: 'record' | 'dead-letter' | 'state'
}

export function draw (topology: Topology): Drawing {
  const topics = numbered('topic', topology.nodes.flatMap(({ topic }) => topic?.name ?? []))
  const stores = numbered('store', topology.stores.map(({ name }) => name))
  const idOf = (node: Node): string => node.topic === undefined ? `node${node.index}` : topics.get(node.topic.name) ?? ''
  return {
    topics: [...topics].map(([label, id]) => ({ id, label })),
    groups: topology.subTopologies.map(subTopology => groupOf(subTopology, { idOf, stores })),
    edges: [
      ...topology.nodes.filter(isDrawn).flatMap(node => node.parents.map(parent => edgeTo(node, parent, idOf))),
      ...topology.nodes.flatMap(node => node.stores.map(({ name }): Edge => ({ from: idOf(node), to: stores.get(name) ?? '', label: '', kind: 'state' })))
    ]
  }
}

function groupOf (
  { id, name, nodes, stores }: SubTopology, ids: { readonly idOf: (node: Node) => string, readonly stores: ReadonlyMap<string, string> }
): Group {
  return {
    id: `sub${id}`,
    label: name,
    nodes: nodes.filter(node => isDrawn(node) && node.topic === undefined).map(node => ({ id: ids.idOf(node), label: node.name, branches: node.kind === 'branch' })),
    stores: stores.map(({ name }) => ({ id: ids.stores.get(name) ?? '', label: name }))
  }
}

function edgeTo (node: Node, parent: Node, idOf: (node: Node) => string): Edge {
  const kind = node.kind === 'dead-letter-sink' ? 'dead-letter' : 'record'
  const [branch] = parent.parents
  if (parent.kind !== 'branch-case' || branch === undefined) return { from: idOf(parent), to: idOf(node), label: '', kind }
  return { from: idOf(branch), to: idOf(node), label: parent.name.slice(branch.name.length + 1), kind }
}

function isDrawn ({ kind }: Node): boolean {
  return kind !== 'branch-case'
}

function numbered (prefix: string, names: readonly string[]): Map<string, string> {
  return new Map([...new Set(names)].map((name, index) => [name, prefix + index]))
}
