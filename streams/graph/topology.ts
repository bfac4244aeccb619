import { Type, type Static, type TObject, type TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { TopologyError } from '../errors.ts'
import type { Store } from '../stores/store.ts'
import { checkExplicitNames } from './explicit-names.ts'
import type { Execution } from './execution.ts'
import type { DeadLetters } from './dead-letter-place.ts'
import { addGlobalTable, type GlobalSource, type GlobalTable } from './global-table.ts'
import { LogicalGraph, type Optimization } from './logical-graph.ts'
import type { Node } from './node.ts'
import type { PhysicalGraph, WrapProcessor } from './physical-graph.ts'
import type { Forward } from './record.ts'
import { erasedExtractor, StreamSourceNode, type Selection, type SourceOptions } from './source-node.ts'
import { addSourceTable } from './source-table.ts'
import type { TableStoreOptions, StoreOptions } from './store-options.ts'
import { Stream, type DeadLetterFormat, type Naming } from './stream.ts'
import { divide, type SubTopology } from './sub-topologies.ts'
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
  /** Where what cannot be decoded or processed goes when no nearer place is there. */
  readonly deadLetters: DeadLetters | undefined
  /** What may be set from outside, by name of environment variable, with defaults and descriptions. */
  readonly settings: TObject
  /** The same topology with other settings; what is left out keeps its default. */
  readonly configure: (settings: Readonly<Record<string, unknown>>) => Topology
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
  if (typeof optionsOrBuild === 'function') return buildTopology(name, { settings: NoSettings }, optionsOrBuild, {})
  if (build === undefined) throw new TopologyError(`Topology '${name}' has options but no graph; pass a function as the third argument.`)
  // Without settings of its own a builder's are an empty object, as their type says.
  const { settings = NoSettings as TObject as S, ...options } = optionsOrBuild
  return buildTopology(name, { ...options, settings }, build, {})
}

function buildTopology<S extends TObject> (
  name: string, options: TopologyOptions<S> & { readonly settings: S }, build: (builder: TopologyBuilder<Static<S>>) => void, given: Readonly<Record<string, unknown>>
): Topology {
  const logical = new LogicalGraph(name, options)
  build({
    settings: readSettings(name, options.settings, given),
    stream<K, V> (topics: Topic<K, V> | readonly Topic<K, V>[] | TopicPattern<K, V>, sourceOptions?: Naming & SourceOptions<K, V>) {
      const nodeName = logical.nameOr(sourceOptions?.name, 'KSTREAM-SOURCE-')
      const node = new StreamSourceNode(nodeName, selectionOf(name, topics), { offsetReset: sourceOptions?.offsetReset, timestampExtractor: erasedExtractor(sourceOptions?.timestampExtractor) })
      logical.add(logical.root, node)
      return new Stream<K | null, V | null>({ graph: logical, node, name: nodeName, ...serdesOf(topics), isRekeyed: false })
    },
    table: (topic, tableOptions) => addSourceTable(logical, topic, tableOptions),
    globalTable: (topic, tableOptions) => addGlobalTable(logical, topic, tableOptions)
  })
  const graph = logical.write()
  if (options.ensureExplicitNames === true) checkExplicitNames(name, graph.nodes)
  const sources = graph.nodes.flatMap(node => sourceOf(graph, node, options.wrapProcessor))
  if (sources.length === 0 && graph.globals.length === 0) throw new TopologyError(`Topology '${name}' reads no topic; begin with stream(topic).`)
  return Object.freeze({
    name,
    nodes: graph.nodes,
    sources,
    stores: [...new Set(graph.nodes.flatMap(({ stores }) => stores))],
    subTopologies: divide(graph.nodes, graph.globals.map(({ at }) => at)),
    tables: logical.tables,
    globals: globalsOf(graph, logical),
    deadLetterFormats: graph.deadLetterFormats,
    deadLetters: options.deadLetters,
    settings: options.settings,
    configure: (settings: Readonly<Record<string, unknown>>) => buildTopology(name, options, build, { ...given, ...settings })
  })
}

function globalsOf ({ nodes, globals }: PhysicalGraph, { globalReaders }: LogicalGraph): NumberedGlobal[] {
  const first = divide(nodes).map(({ nodes: [node] }) => node?.index ?? 0)
  return globals.map(({ source, at }, index) => ({
    ...source,
    id: index + first.filter(each => each < at).length,
    readers: globalReaders.filter(({ global }) => global === source.name).map(({ node }) => node)
  }))
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

/** The whole graph is opened once for an execution, whatever source it is begun at. */
const opened = new WeakMap<PhysicalGraph, WeakMap<Execution, ReadonlyMap<string, Forward<unknown, unknown>>>>()

function sourceOf (graph: PhysicalGraph, node: Node, wrap: WrapProcessor | undefined): Source[] {
  if (node.kind !== 'source') return []
  return [{
    node,
    topics: node.topics,
    pattern: node.pattern,
    routesRejects: graph.routesRejects(node),
    open (execution) {
      const byExecution = opened.get(graph) ?? new WeakMap()
      opened.set(graph, byExecution)
      const inputs = byExecution.get(execution) ?? graph.open(execution, wrap)
      byExecution.set(execution, inputs)
      return inputs.get(node.name) ?? (() => {})
    }
  }]
}

function readSettings<S extends TSchema> (topology: string, schema: S, given: Readonly<Record<string, unknown>>): Static<S> {
  const settings = Value.Clean(schema, Value.Default(schema, { ...given }))
  if (!Value.Check(schema, settings)) {
    const mistakes = Value.Errors(schema, settings).map(({ instancePath, message }) => `${instancePath.slice(1)} ${message}`)
    throw new TopologyError(`Topology '${topology}' cannot be built with these settings: ${mistakes.join('; ')}.`)
  }
  return settings
}
