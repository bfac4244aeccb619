import { isDeepStrictEqual } from 'node:util'
import { Type, type TObject, type TSchema } from 'typebox'
import { TopologyError } from '../errors.ts'
import type { DeadLetters } from './dead-letter-place.ts'
import type { Execution } from './execution.ts'
import { checkExplicitNames } from './explicit-names.ts'
import { LogicalGraph } from './logical-graph.ts'
import type { Node } from './node.ts'
import type { PhysicalGraph, WrapProcessor } from './physical-graph.ts'
import type { Forward } from './record.ts'
import { RootNode } from './root-node.ts'
import { divide, type SubTopology } from './sub-topologies.ts'
import type { NumberedGlobal, Source, Topology, TopologyPart } from './topology.ts'
import { writeGraphs } from './write-graphs.ts'

/**
 * One graph of all parts, in their order. Each is built as it would be alone, with its own options and names; what they share
 * are streams of the same topics or pattern, which become one source. `prefixed`: the numbered names of each bear its name, so that they are
 * told apart, and do not change with what else is there.
 */
export function buildTopology (name: string, parts: readonly TopologyPart[], { prefixed = false }: { readonly prefixed?: boolean } = {}): Topology {
  const root = new RootNode()
  const graphs = parts.map(({ name, options, given, build }) => {
    const graph = new LogicalGraph(name, { ...options, root, prefix: prefixed ? `${name}-` : '' })
    build(graph, given)
    return graph
  })
  const graph = writeGraphs(name, root, graphs)
  for (const { name, options } of parts) if (options.ensureExplicitNames === true) checkExplicitNames(name, graph.nodes.filter(({ topology }) => topology === name))
  const sources = sourcesOf(graph, parts)
  if (sources.length === 0 && graph.globals.length === 0) throw new TopologyError(`Topology '${name}' reads no topic; begin with stream(topic).`)
  const subTopologies = divide(graph.nodes, graph.globals.map(({ at }) => at))
  checkPositions(name, subTopologies)
  return Object.freeze({
    name,
    nodes: graph.nodes,
    sources,
    stores: [...new Set(graph.nodes.flatMap(({ stores }) => stores))],
    subTopologies,
    tables: new Map(graphs.flatMap(({ tables }) => [...tables])),
    globals: globalsOf(graph, graphs),
    deadLetterFormats: graph.deadLetterFormats,
    parts,
    settings: settingsOf(name, parts),
    configure: (settings: Readonly<Record<string, unknown>>) => buildTopology(name, parts.map(part => ({ ...part, given: { ...part.given, ...settings } })), { prefixed })
  })
}

/** Positions are kept by the names of sub-topologies: one may be a topic, the other was given. */
function checkPositions (topology: string, subTopologies: readonly SubTopology[]): void {
  for (const [name, [, second]] of Map.groupBy(subTopologies, ({ name }) => name)) {
    if (second === undefined) continue
    throw new TopologyError(`Topology '${topology}' has two sub-topologies named '${name}', after the name or the topic of their first source, and positions are kept by that name; give the source of '${second.topics[0] ?? second.patterns[0]?.pattern ?? ''}' another one.`)
  }
}

function settingsOf (topology: string, parts: readonly TopologyPart[]): TObject {
  const [first, ...others] = parts
  if (first === undefined || others.length === 0) return first?.settings ?? Type.Object({})
  const merged: TObject['properties'] = {}
  for (const { name, settings: { properties } } of parts) {
    for (const [variable, schema] of Object.entries(properties)) {
      const known = merged[variable]
      if (known !== undefined && !isSameSchema(known, schema)) {
        throw new TopologyError(`Topology '${topology}' has the setting ${variable} in two forms, the second in '${name}'; define its schema once and share it, or give one another name.`)
      }
      merged[variable] = schema
    }
  }
  return Type.Object(merged)
}

function isSameSchema (one: TSchema, other: TSchema): boolean {
  // Whether it may be left out is not among what is compared.
  return Type.IsOptional(one) === Type.IsOptional(other) && isDeepStrictEqual(one, other)
}

function globalsOf ({ nodes, globals }: PhysicalGraph, graphs: readonly LogicalGraph[]): NumberedGlobal[] {
  const first = divide(nodes).map(({ nodes: [node] }) => node?.index ?? 0)
  const readers = graphs.flatMap(({ globalReaders }) => globalReaders)
  return globals.map(({ source, at }, index) => ({
    ...source,
    id: index + first.filter(each => each < at).length,
    readers: readers.filter(({ global }) => global === source.name).map(({ node }) => node)
  }))
}

/** The whole graph is opened once for an execution, whatever source it is begun at. */
const opened = new WeakMap<PhysicalGraph, WeakMap<Execution, ReadonlyMap<string, Forward<unknown, unknown>>>>()

function sourcesOf (graph: PhysicalGraph, parts: readonly TopologyPart[]): Source[] {
  const options = new Map(parts.map(({ name, options }) => [name, options]))
  const wrap: WrapProcessor = (wire, node) => options.get(node.topology)?.wrapProcessor?.(wire, node) ?? wire
  return graph.nodes.flatMap((node): Source[] => {
    if (node.kind !== 'source') return []
    return [{
      node,
      topics: node.topics,
      pattern: node.pattern,
      routesRejects: graph.routesRejects(node),
      deadLetters: deadLettersOf(graph, node, parts),
      open (execution) {
        const byExecution = opened.get(graph) ?? new WeakMap()
        opened.set(graph, byExecution)
        const inputs = byExecution.get(execution) ?? graph.open(execution, wrap)
        byExecution.set(execution, inputs)
        return inputs.get(node.name) ?? (() => {})
      }
    }]
  })
}

/** Of the first that reads the source and has a place for them: a record has one dead letter, however many would have processed it. */
function deadLettersOf ({ nodes }: PhysicalGraph, source: Node, parts: readonly TopologyPart[]): DeadLetters | undefined {
  const readers = new Set([source, ...nodes.filter(({ parents }) => parents.includes(source))].map(({ topology }) => topology))
  return parts.find(({ name, options }) => readers.has(name) && options.deadLetters !== undefined)?.options.deadLetters
}
