import { Type, type Static, type TObject, type TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { TopologyError } from '../errors.ts'
import type { Store } from '../stores/store.ts'
import type { Execution } from './execution.ts'
import { GraphBuilder } from './graph-builder.ts'
import type { Node } from './node.ts'
import type { Forward } from './record.ts'
import { Stream, type DeadLetterFormat, type Naming } from './stream.ts'
import { divide, type SubTopology } from './sub-topologies.ts'
import type { Topic } from './topic.ts'

/** A source, and how to start a record at it. */
export interface Source {
  readonly node: Node
  readonly topic: Topic
  /** Makes the running half of the graph behind the source. */
  readonly open: (execution: Execution) => Forward<unknown, unknown>
}

/** A graph of nodes, as a value: it can be described, checked, tested and run, and holds no connection. */
export interface Topology {
  readonly name: string
  readonly nodes: readonly Node[]
  readonly sources: readonly Source[]
  readonly stores: readonly Store[]
  readonly subTopologies: readonly SubTopology[]
  readonly deadLetterFormats: ReadonlyMap<Node, DeadLetterFormat>
  /** What may be set from outside, by name of environment variable, with defaults and descriptions. */
  readonly settings: TObject
  /** The same topology with other settings; what is left out keeps its default. */
  readonly configure: (settings: Readonly<Record<string, unknown>>) => Topology
}

export interface TopologyBuilder<S> {
  readonly settings: S
  readonly stream: <K, V>(topic: Topic<K, V>, naming?: Naming) => Stream<K | null, V | null>
}

const NoSettings = Type.Object({})

export function defineTopology (name: string, build: (builder: TopologyBuilder<object>) => void): Topology
export function defineTopology<S extends TObject> (
  name: string, options: { readonly settings: S }, build: (builder: TopologyBuilder<Static<S>>) => void
): Topology
export function defineTopology<S extends TObject> (
  name: string,
  optionsOrBuild: { readonly settings: S } | ((builder: TopologyBuilder<object>) => void),
  build?: (builder: TopologyBuilder<Static<S>>) => void
): Topology {
  if (typeof optionsOrBuild === 'function') return buildTopology(name, NoSettings, optionsOrBuild, {})
  if (build === undefined) throw new TopologyError(`Topology '${name}' has settings but no graph; pass a function as the third argument.`)
  return buildTopology(name, optionsOrBuild.settings, build, {})
}

function buildTopology<S extends TObject> (
  name: string, schema: S, build: (builder: TopologyBuilder<Static<S>>) => void, given: Readonly<Record<string, unknown>>
): Topology {
  const graph = new GraphBuilder(name)
  const sources: Source[] = []
  build({
    settings: readSettings(name, schema, given),
    stream<K, V> (topic: Topic<K, V>, naming?: Naming) {
      if (sources.some(source => source.topic.name === topic.name)) {
        throw new TopologyError(`Topology '${name}' reads topic '${topic.name}' twice; branch or fork one stream instead.`)
      }
      const node = graph.add('source', 'KSTREAM-SOURCE', [], naming?.name, { topic })
      const stream = new Stream<K | null, V | null>(graph, node)
      // The source's serdes made key and value, so they are K and V; here only the pairing with this topic is lost.
      sources.push({ node, topic, open: execution => Stream.open(stream, execution) as Forward<unknown, unknown> })
      return stream
    }
  })
  if (sources.length === 0) throw new TopologyError(`Topology '${name}' reads no topic; begin with stream(topic).`)
  return Object.freeze({
    name,
    nodes: graph.nodes,
    sources,
    stores: [...new Set(graph.nodes.flatMap(({ stores }) => stores))],
    subTopologies: divide(graph.nodes),
    deadLetterFormats: graph.deadLetterFormats,
    settings: schema,
    configure: (settings: Readonly<Record<string, unknown>>) => buildTopology(name, schema, build, { ...given, ...settings })
  })
}

function readSettings<S extends TSchema> (topology: string, schema: S, given: Readonly<Record<string, unknown>>): Static<S> {
  const settings = Value.Clean(schema, Value.Default(schema, { ...given }))
  if (!Value.Check(schema, settings)) {
    const mistakes = Value.Errors(schema, settings).map(({ instancePath, message }) => `${instancePath.slice(1)} ${message}`)
    throw new TopologyError(`Topology '${topology}' cannot be built with these settings: ${mistakes.join('; ')}.`)
  }
  return settings
}
