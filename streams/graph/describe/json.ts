import type { Topology } from '../topology.ts'
import type { NodeKind } from '../node.ts'
import type { Topic } from '../topic.ts'
import type { Store } from '../../stores/store.ts'
import type { DeadLetterFormat } from '../stream.ts'

/** The shape of `--format json`. Fields are only ever added to it. */
export interface TopologyJson {
  readonly topology: string
  /** In order of `id`; nodes in order of definition. */
  readonly subTopologies: readonly SubTopologyJson[]
  readonly topics: readonly TopicJson[]
  readonly stores: readonly StoreJson[]
}

export interface SubTopologyJson {
  readonly id: number
  /** Stable while the graph grows; positions are kept under it. */
  readonly name: string
  /** The topics it reads. */
  readonly topics: readonly string[]
  readonly stores: readonly string[]
  readonly nodes: readonly NodeJson[]
}

export interface NodeJson {
  readonly name: string
  readonly kind: NodeKind
  /** Names of the nodes before it. */
  readonly parents: readonly string[]
  readonly stores: readonly string[]
  /** Of sources and sinks; null else. */
  readonly topic: string | null
  /** Of dead-letter sinks; null else. */
  readonly deadLetterFormat: DeadLetterFormat | null
}

export interface TopicJson {
  readonly name: string
  readonly read: boolean
  readonly written: boolean
  readonly optional: boolean
}

export interface StoreJson {
  readonly name: string
  readonly kind: Store['kind']
  readonly key: readonly string[]
}

export function describeAsJson (topology: Topology): TopologyJson {
  return {
    topology: topology.name,
    subTopologies: topology.subTopologies.map(({ id, name, topics, stores, nodes }) => ({
      id,
      name,
      topics,
      stores: stores.map(({ name }) => name),
      nodes: nodes.map(node => ({
        name: node.name,
        kind: node.kind,
        parents: node.parents.map(({ name }) => name),
        stores: node.stores.map(({ name }) => name),
        topic: node.topic?.name ?? null,
        deadLetterFormat: topology.deadLetterFormats.get(node) ?? null
      }))
    })),
    topics: topicsOf(topology),
    stores: topology.stores.map(({ name, kind, key }) => ({ name, kind, key }))
  }
}

function topicsOf ({ nodes, deadLetters }: Topology): TopicJson[] {
  const ends: { readonly kind: NodeKind, readonly topic: Topic }[] = nodes.flatMap(({ kind, topic }) => topic === undefined ? [] : [{ kind, topic }])
  if (deadLetters !== undefined) ends.push({ kind: 'dead-letter-sink', topic: deadLetters.topic })
  return [...Map.groupBy(ends, ({ topic }) => topic.name)].map(([name, uses]) => ({
    name,
    read: uses.some(({ kind }) => kind === 'source'),
    written: uses.some(({ kind }) => kind !== 'source'),
    optional: uses.some(({ topic }) => topic.optional)
  }))
}
