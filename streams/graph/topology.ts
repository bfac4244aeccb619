import { Type, type Static, type TObject, type TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { TopologyError } from '../errors.ts'
import type { Store } from '../stores/store.ts'
import { buildTopology } from './build-topology.ts'
import type { Execution } from './execution.ts'
import type { DeadLetters } from './dead-letter-place.ts'
import { addGlobalTable, type GlobalSource, type GlobalTable } from './global-table.ts'
import type { LogicalGraph, Optimization } from './logical-graph.ts'
import type { Node } from './node.ts'
import type { WrapProcessor } from './physical-graph.ts'
import type { Forward } from './record.ts'
import { erasedExtractor, StreamSourceNode, type Selection, type SourceOptions } from './source-node.ts'
import { addSourceTable } from './source-table.ts'
import type { TableStoreOptions, StoreOptions } from './store-options.ts'
import { Stream, type DeadLetterFormat, type Naming } from './stream.ts'
import type { SubTopology } from './sub-topologies.ts'
import type { Table } from './table.ts'
import type { Topic } from './topic.ts'
import type { TopicPattern } from './topic-pattern.ts'
import type { Serde } from '../serdes/serde.ts'

/** A source, and how to start a record at it. */
export interface Source {
  readonly node: Node
  /** What it reads by name. */
  readonly topics: readonly Topic[]
  /** What it reads beside them: all that match. */
  readonly pattern: TopicPattern | undefined
  /** Makes the running half of the graph behind the source. */
  readonly open: (execution: Execution) => Forward<unknown, unknown>
  /** Nodes behind it are given what cannot be decoded, as `Rejected`. */
  readonly routesRejects: boolean
  /** Where what cannot be decoded or processed goes when no nearer place is there. */
  readonly deadLetters: DeadLetters | undefined
}

/** A global table with the number that Kafka Streams gives it among the sub-topologies. */
export interface NumberedGlobal extends GlobalSource {
  readonly id: number
  /** Names of the nodes that read it. */
  readonly readers: readonly string[]
}

/** A graph of nodes, as a value: it can be described, checked, tested and run, and holds no connection. */
export interface Topology {
  readonly name: string
  readonly nodes: readonly Node[]
  readonly sources: readonly Source[]
  readonly stores: readonly Store[]
  readonly subTopologies: readonly SubTopology[]
  /** By name the nodes that hand on a table, its rows as they change; with the joins that look into it and do not stand behind it. */
  readonly tables: ReadonlyMap<string, readonly string[]>
  /** Tables of which each process holds a copy. */
  readonly globals: readonly NumberedGlobal[]
  readonly deadLetterFormats: ReadonlyMap<Node, DeadLetterFormat>
  /** What it is built from: itself alone, or those that were combined. */
  readonly parts: readonly TopologyPart[]
  /** What may be set from outside, by name of environment variable, with defaults and descriptions. */
  readonly settings: TObject
  /** The same topology with other settings; what is left out keeps its default. */
  readonly configure: (settings: Readonly<Record<string, unknown>>) => Topology
}

/** A topology before it is built, by itself or together with others. */
export interface TopologyPart {
  readonly name: string
  readonly options: Omit<TopologyOptions<TObject>, 'settings'>
  readonly settings: TObject
  /** What was given of them; the rest keeps its default. */
  readonly given: Readonly<Record<string, unknown>>
  /** Calls the operators. */
  readonly build: (graph: LogicalGraph, given: Readonly<Record<string, unknown>>) => void
}

export interface TopologyBuilder<S> {
  readonly settings: S
  /** Records as they come: of one topic, of several, or of all that a pattern matches. Several are one source; each partition of each has a position of its own. */
  readonly stream: <K, V>(topics: Topic<K, V> | readonly Topic<K, V>[] | TopicPattern<K, V>, options?: Naming & SourceOptions<K, V>) => Stream<K | null, V | null>
  /** The last value of each key; a record without a value deletes the row, one without a key is dropped, and counted. */
  readonly table: <K, V>(topic: Topic<K, V>, options?: Naming & SourceOptions<K, V> & { readonly store?: TableStoreOptions<K, V> }) => Table<K, V>
  /** All of a topic in every process, to be joined with by any key. Loaded before anything else is processed. */
  readonly globalTable: <K, V>(topic: Topic<K, V>, options?: Naming & { readonly store?: Pick<StoreOptions<K, V>, 'name'> }) => GlobalTable<K, V>
}

export interface TopologyOptions<S extends TObject> {
  readonly settings?: S
  /** Kafka Streams' `topology.optimization`; left out: none. It changes numbered names, so it is chosen before the first start. */
  readonly optimization?: Optimization
  /**
   * Where records go that cannot be decoded or that a node fails on, of all sources behind which no validation or sink with a format has a place for
   * them; Kafka Streams' `errors.dead.letter.queue.topic.name`. Left out: such a record stops the application.
   */
  readonly deadLetters?: DeadLetters
  /** Refuses stores and internal topics whose names were numbered: those change when operators are put in. Kafka Streams' `ensure.explicit.internal.resource.naming`. */
  readonly ensureExplicitNames?: boolean
  /** False: every change of every table is handed on, also where one record changes a row several times; as with `statestore.cache.max.bytes=0`. */
  readonly caching?: boolean
  /** Called for every node when the graph is opened, those of the language's operators too; Kafka Streams' `processor.wrapper.class`. */
  readonly wrapProcessor?: WrapProcessor
}

const NoSettings = Type.Object({})

export function defineTopology (name: string, build: (builder: TopologyBuilder<object>) => void): Topology
export function defineTopology<S extends TObject = typeof NoSettings> (name: string, options: TopologyOptions<S>, build: (builder: TopologyBuilder<Static<S>>) => void): Topology
export function defineTopology<S extends TObject> (
  name: string, optionsOrBuild: TopologyOptions<S> | ((builder: TopologyBuilder<object>) => void), build?: (builder: TopologyBuilder<Static<S>>) => void
): Topology {
  if (typeof optionsOrBuild === 'function') return defineAlone(name, { settings: NoSettings }, optionsOrBuild)
  if (build === undefined) throw new TopologyError(`Topology '${name}' has options but no graph; pass a function as the third argument.`)
  // Without settings of its own a builder's are an empty object, as their type says.
  const { settings = NoSettings as TObject as S, ...options } = optionsOrBuild
  return defineAlone(name, { ...options, settings }, build)
}

function defineAlone<S extends TObject> (name: string, { settings, ...options }: TopologyOptions<S> & { readonly settings: S }, build: (builder: TopologyBuilder<Static<S>>) => void): Topology {
  return buildTopology(name, [{ name, options, settings, given: {}, build: (graph, given) => build(builderOn(graph, readSettings(name, settings, given))) }])
}

function builderOn<S> (graph: LogicalGraph, settings: S): TopologyBuilder<S> {
  return {
    settings,
    stream<K, V> (topics: Topic<K, V> | readonly Topic<K, V>[] | TopicPattern<K, V>, options?: Naming & SourceOptions<K, V>) {
      const name = graph.nameOr(options?.name, 'KSTREAM-SOURCE-')
      const node = new StreamSourceNode(name, selectionOf(graph.topology, topics), { offsetReset: options?.offsetReset, timestampExtractor: erasedExtractor(options?.timestampExtractor) })
      graph.add(graph.root, node)
      return new Stream<K | null, V | null>({ graph, node, name, ...serdesOf(topics), isRekeyed: false })
    },
    table: (topic, options) => addSourceTable(graph, topic, options),
    globalTable: (topic, options) => addGlobalTable(graph, topic, options)
  }
}

function selectionOf<K, V> (topology: string, read: Topic<K, V> | readonly Topic<K, V>[] | TopicPattern<K, V>): Selection {
  if ('matches' in read) return { pattern: read }
  const topics = [...new Map(several(read).map(topic => [topic.name, topic])).values()]
  if (topics.length === 0) throw new TopologyError(`Topology '${topology}' has a source of no topic; give stream() at least one.`)
  return { topics }
}

function several<T> (read: T | readonly T[]): readonly T[] {
  return Array.isArray(read) ? read : [read as T]
}

/** Of several topics those of the first: their types are the same. A serde is never given a null, nor does it make one. */
function serdesOf<K, V> (read: Topic<K, V> | readonly Topic<K, V>[] | TopicPattern<K, V>): { readonly key: Serde<NonNullable<K>>, readonly value: Serde<NonNullable<V>> } {
  const { key, value } = several(read)[0] as Topic<K, V> | TopicPattern<K, V>
  return { key, value } as unknown as { readonly key: Serde<NonNullable<K>>, readonly value: Serde<NonNullable<V>> }
}

function readSettings<S extends TSchema> (topology: string, schema: S, given: Readonly<Record<string, unknown>>): Static<S> {
  const settings = Value.Clean(schema, Value.Default(schema, { ...given }))
  if (!Value.Check(schema, settings)) {
    const mistakes = Value.Errors(schema, settings).map(({ instancePath, message }) => `${instancePath.slice(1)} ${message}`)
    throw new TopologyError(`Topology '${topology}' cannot be built with these settings: ${mistakes.join('; ')}.`)
  }
  return settings
}
