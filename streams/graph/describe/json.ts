import type { GlobalSource } from '../global-table.ts'
import type { RetryPolicy } from '../../resilience/retry.ts'
import type { CallOrder } from '../async-processor.ts'
import type { Node, NodeKind } from '../node.ts'
import { isNumbered } from '../numbered.ts'
import type { DeadLetterFormat } from '../stream.ts'
import type { Topic } from '../topic.ts'
import type { Topology } from '../topology.ts'
import { storeAsJson, type StoreJson } from './store-json.ts'

/** The shape of `--format json`. Fields are only ever added to it: `millrace lint --against` reads what earlier versions have printed. */
export interface TopologyJson {
  readonly topology: string
  /** In order of `id`; nodes in order of definition. */
  readonly subTopologies: readonly SubTopologyJson[]
  readonly globalTables: readonly GlobalTableJson[]
  readonly topics: readonly TopicJson[]
  readonly stores: readonly StoreJson[]
  readonly settings: readonly SettingJson[]
}

export interface SubTopologyJson {
  readonly id: number
  /** Stable while the graph grows; positions are kept under it. */
  readonly name: string
  /** The topics it reads by name. */
  readonly topics: readonly string[]
  /** The patterns of those that it reads beside them, where there are any. */
  readonly patterns?: readonly string[]
  readonly stores: readonly string[]
  readonly nodes: readonly NodeJson[]
}

export interface NodeJson {
  readonly name: string
  readonly kind: NodeKind
  /** Given by the topology's author, and not numbered. */
  readonly named: boolean
  /** What it hands on: records, or the changes of a table's rows. */
  readonly handsOn: 'records' | 'changes'
  /** Names of the nodes before it. */
  readonly parents: readonly string[]
  readonly stores: readonly string[]
  /** Of sources and sinks of one topic; null else. */
  readonly topic: string | null
  /** Of sources of several topics. */
  readonly topics?: readonly string[]
  /** Of sources that read what matches. */
  readonly pattern?: string
  /** Of dead-letter sinks; null else. */
  readonly deadLetterFormat: DeadLetterFormat | null
  /** Of nodes that call something outside; null else. */
  readonly calls: CallsJson | null
}

export interface CallsJson {
  readonly order: CallOrder
  readonly concurrency: number
  readonly timeoutMs: number
  /** Names of the dependencies whose breakers hold it back. */
  readonly needs: readonly string[]
  readonly retry: RetryPolicy['kind']
  readonly batch: number | null
}

export interface GlobalTableJson {
  readonly id: number
  readonly name: string
  readonly topic: string
  readonly store: string
  /** Names of the nodes that read it. */
  readonly readers: readonly string[]
}

export interface TopicJson {
  /** Of an internal topic without the application id before it. */
  readonly name: string
  readonly read: boolean
  readonly written: boolean
  readonly optional: boolean
  readonly internal: boolean
  /** What it is made with where it is missing: a count, as many as another topic has, or null: as many as its writers need. */
  readonly partitions: number | { readonly asManyAs: string } | null
  /** Names of the serdes. */
  readonly key: string
  readonly value: string
}

export interface SettingJson {
  readonly name: string
  readonly default: unknown
  readonly description: string
}

/** Whether it has what versions are compared by; what was printed before that was there has not. */
export function isTopologyJson (value: unknown): value is TopologyJson {
  return typeof value === 'object' && value !== null && 'subTopologies' in value && 'topics' in value && 'stores' in value && 'settings' in value &&
    [value.subTopologies, value.topics, value.stores, value.settings].every(part => Array.isArray(part))
}

export function describeAsJson (topology: Topology): TopologyJson {
  return {
    topology: topology.name,
    subTopologies: topology.subTopologies.map(({ id, name, topics, patterns, stores, nodes }) => ({
      id,
      name,
      topics,
      ...patterns.length === 0 ? {} : { patterns: patterns.map(({ pattern }) => pattern) },
      stores: stores.map(({ name }) => name),
      nodes: nodes.map(node => ({
        name: node.name,
        kind: node.kind,
        named: !isNumbered(node.name),
        handsOn: topology.tables.has(node.name) ? 'changes' : 'records',
        parents: node.parents.map(({ name }) => name),
        stores: node.stores.map(({ name }) => name),
        topic: node.topic?.name ?? null,
        ...node.topics.length < 2 ? {} : { topics: node.topics.map(({ name }) => name) },
        ...node.pattern === undefined ? {} : { pattern: node.pattern.pattern },
        deadLetterFormat: topology.deadLetterFormats.get(node) ?? null,
        calls: callsOf(node)
      }))
    })),
    globalTables: topology.globals.map(({ id, name, topic, storeName, readers }) => ({ id, name, topic: topic.name, store: storeName, readers })),
    topics: topicsOf(topology),
    stores: topology.stores.map(storeAsJson),
    settings: settingsOf(topology)
  }
}

function callsOf ({ calls }: Node): CallsJson | null {
  if (calls === undefined) return null
  const { order, concurrency, timeoutMs, needs, retry, work } = calls.processor
  return { order, concurrency, timeoutMs, needs: needs.map(({ name }) => name), retry: retry.kind, batch: work.batch?.size ?? null }
}

function topicsOf ({ nodes, sources, globals }: Topology): TopicJson[] {
  const ends: { readonly kind: NodeKind, readonly topic: Topic }[] = [
    ...nodes.flatMap(({ kind, topic, topics }) => (topic === undefined ? topics : [topic]).map(topic => ({ kind, topic }))),
    ...globals.map(({ topic }: GlobalSource) => ({ kind: 'source' as const, topic })),
    ...sources.flatMap(({ deadLetters }) => deadLetters === undefined ? [] : [{ kind: 'dead-letter-sink' as const, topic: deadLetters.topic }])
  ]
  return [...Map.groupBy(ends, ({ topic }) => topic.name)].flatMap(([name, uses]) => uses.slice(0, 1).map(({ topic }) => ({
    name,
    read: uses.some(({ kind }) => kind === 'source'),
    written: uses.some(({ kind }) => kind !== 'source'),
    optional: uses.some(({ topic }) => topic.optional),
    internal: topic.internal,
    partitions: typeof topic.partitions === 'object' ? { asManyAs: topic.partitions.name } : topic.partitions ?? null,
    key: topic.key.name,
    value: topic.value.name
  })))
}

function settingsOf ({ settings }: Topology): SettingJson[] {
  return Object.entries(settings.properties).map(([name, schema]) => ({
    name,
    // What a schema says beside its type is not in its type.
    default: ('default' in schema ? schema.default : undefined) ?? null,
    description: 'description' in schema ? String(schema.description) : ''
  }))
}
