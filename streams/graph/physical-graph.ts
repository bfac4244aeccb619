import { TopologyError } from '../errors.ts'
import type { Store } from '../stores/store.ts'
import type { Execution } from './execution.ts'
import type { NodeCalls } from './calls.ts'
import { isolateCalls, type Added } from './optimize/isolate-calls.ts'
import type { Serde } from '../serdes/serde.ts'
import type { GlobalSource } from './global-table.ts'
import type { Node, NodeKind, OffsetReset, TopicChoice } from './node.ts'
import type { Forward } from './record.ts'
import type { DeadLetterFormat } from './stream.ts'
import type { TimestampExtractor } from './timestamp-extractor.ts'
import type { Topic } from './topic.ts'
import type { TopicPattern } from './topic-pattern.ts'
import { SourceRegister } from './source-register.ts'
import { whoHave } from './who-have.ts'
import { Rejected, type Contract } from './contract.ts'
import { routersOfRejects } from './rejects.ts'
import type { RoutingWire } from './wire.ts'

export interface NodeDefinition {
  readonly kind: NodeKind
  readonly name: string
  /** Names of nodes that were added before. */
  readonly parents: readonly string[]
  readonly stores?: readonly Store[]
  readonly topic?: Topic
  /** Of a source of several. */
  readonly topics?: readonly Topic[]
  readonly pattern?: TopicPattern
  readonly choice?: TopicChoice
  readonly offsetReset?: OffsetReset | undefined
  readonly timestampExtractor?: TimestampExtractor | undefined
  readonly contract?: Contract<unknown> | undefined
  readonly wire?: AnyWire
  /** Of a node that waits for something outside; with the serdes of what reaches it, for where that has to go through a topic. */
  readonly calls?: NodeCalls & { readonly key: Serde<unknown>, readonly value: Serde<unknown> }
  /** Hands things on because time has passed. */
  readonly actsByTime?: boolean
}

/** A wire whose types are no longer known: the typed classes have paired it with parents that hand on what it takes. */
export type AnyWire = RoutingWire<unknown, unknown, unknown, unknown>

/** Stands before what a node does: given the node's wire, the one that is opened in its place. As a node, it keeps no state of its own. */
export type WrapProcessor = (wire: AnyWire, node: Node) => AnyWire

type AnyForward = Forward<unknown, unknown>

const passing: AnyWire = (_execution, _node, forward) => forward

/** The nodes that run, in the order in which they were written, and their running halves. */
export class PhysicalGraph {
  /** How each dead-letter sink writes. */
  readonly deadLetterFormats = new Map<Node, DeadLetterFormat>()
  /** Global tables, and how many nodes were there before each. */
  readonly globals: { readonly source: GlobalSource, at: number }[] = []
  /** The topology whose nodes are being added; of a combination one of those that it was made of. */
  writing: string
  readonly #topology: string
  #definitions: Added[] = []
  readonly #indexes = new Map<string, number>()
  readonly #stores = new Map<string, { readonly store: Store | GlobalSource, readonly topology: string }>()
  readonly #formats = new Map<string, DeadLetterFormat>()
  readonly #read = new SourceRegister()
  #nodes: readonly Node[] | undefined

  constructor (topology: string) {
    this.#topology = topology
    this.writing = topology
  }

  add (definition: NodeDefinition): void {
    const { name, stores = [] } = definition
    const namesake = this.#definitions[this.#indexes.get(name) ?? -1]
    if (namesake !== undefined) throw new TopologyError(`${whoHave(namesake.topology, this.writing)} two nodes named '${name}'; give one another name, or merge the streams before it.`)
    if (definition.kind === 'source') this.#read.add({ topology: this.writing, name, topics: topicsOf(definition), pattern: definition.pattern })
    this.#checkInternal(definition)
    this.#indexes.set(name, this.#definitions.length)
    this.#definitions.push({ definition, topology: this.writing, stores: [] })
    for (const store of stores) this.connect(store, [name])
  }

  addDeadLetterSink (definition: NodeDefinition, format: DeadLetterFormat): void {
    this.add(definition)
    this.#formats.set(definition.name, format)
  }

  /** Gives nodes that were added before a store. */
  connect (store: Store, nodes: readonly string[]): void {
    this.#addStore(store.name, store)
    for (const name of nodes) {
      const stores = this.#definitions[this.#indexOf(name)]?.stores
      if (stores?.includes(store) === false) stores.push(store)
    }
  }

  addGlobal (source: GlobalSource): void {
    this.#addStore(source.storeName, source)
    this.#read.add({ topology: this.writing, name: source.name, topics: [source.topic], pattern: undefined })
    this.globals.push({ source, at: this.#definitions.length })
  }

  get nodes (): readonly Node[] {
    this.#nodes ??= this.#finish()
    return this.#nodes
  }

  /** Whether something behind a source can be given what could not be decoded. */
  routesRejects (source: Node): boolean {
    const children = this.#children()
    return routersOfRejects(source, node => children.get(node) ?? []).length > 0
  }

  /** The running half of the graph behind each source, made once per execution; by the source's name. */
  open (execution: Execution, wrap: WrapProcessor = wire => wire): ReadonlyMap<string, AnyForward> {
    const children = this.#children()
    const inputs = new Map<string, AnyForward>()
    // Hooks of nodes run in the order of the nodes, but a node is wired behind what stands behind it: so its children are looked up late.
    const late = new Map<Node, AnyForward>()
    for (const node of this.nodes) {
      const behind = children.get(node) ?? []
      const to = (name: string): AnyForward => {
        const child = behind.find(each => each.name === name)
        if (child === undefined) throw new TypeError(`Node '${node.name}' hands on to '${name}', which does not stand behind it.`)
        return record => late.get(child)?.(record)
      }
      const forward = handOn(execution, node, behind, late)
      const { wire = passing } = this.#definitions[node.index]?.definition ?? {}
      const input = wrap(wire, node)(execution, node, forward, to)
      late.set(node, input)
      if (node.kind !== 'source') continue
      const routers = routersOfRejects(node, each => children.get(each) ?? [])
      const takesAll = routers.length === behind.length && routers.every((router, index) => router === behind[index])
      inputs.set(node.name, takesAll || routers.length === 0 ? input : routingRejects(input, handOn(execution, node, routers, late)))
    }
    return inputs
  }

  #children (): Map<Node, Node[]> {
    const children = new Map<Node, Node[]>()
    for (const node of this.nodes) for (const parent of node.parents) children.set(parent, [...children.get(parent) ?? [], node])
    return children
  }

  #finish (): readonly Node[] {
    this.#isolateCalls()
    const nodes: Node[] = []
    for (const { definition, topology, stores } of this.#definitions) {
      const { kind, name, parents, pattern, choice, offsetReset, timestampExtractor, calls, contract } = definition
      const topics = kind === 'source' ? topicsOf(definition) : []
      const topic = topics.length === 1 ? topics[0] : definition.topic
      const node: Node = Object.freeze({
        index: nodes.length, name, kind, topology, topic, topics, pattern, choice, offsetReset, timestampExtractor, calls, contract, stores, parents: parents.flatMap(parent => nodes[this.#indexOf(parent)] ?? [])
      })
      nodes.push(node)
      const format = this.#formats.get(name)
      if (format !== undefined) this.deadLetterFormats.set(node, format)
    }
    return nodes
  }

  #isolateCalls (): void {
    const before = this.#definitions
    this.#definitions = [...isolateCalls(this.#topology, before)]
    for (const [index, { definition: { name } }] of this.#definitions.entries()) this.#indexes.set(name, index)
    // What stood before a global table still does.
    for (const global of this.globals) global.at = before[global.at] === undefined ? this.#definitions.length : this.#indexOf(before[global.at]?.definition.name ?? '')
  }

  #addStore (name: string, store: Store | GlobalSource): void {
    const known = this.#stores.get(name)
    if (known !== undefined && known.store !== store) {
      throw new TopologyError(`${whoHave(known.topology, this.writing)} two stores named '${name}'; a store's name is its table, so define it once and share it, or give one another name.`)
    }
    if (known === undefined) this.#stores.set(name, { store, topology: this.writing })
  }

  /** An internal topic is made one way. */
  #checkInternal (added: NodeDefinition): void {
    const topic = topicsOf(added).find(({ internal }) => internal)
    if (topic === undefined) return
    for (const { definition, topology } of this.#definitions) {
      if (!topicsOf(definition).some(other => other.internal && other.name === topic.name && other !== topic)) continue
      throw new TopologyError(`${whoHave(topology, this.writing)} two internal topics named '${topic.name}'; give one another name, or define it once and share it.`)
    }
  }

  #indexOf (name: string): number {
    const index = this.#indexes.get(name)
    if (index === undefined) throw new TopologyError(`Topology '${this.#topology}' has no node named '${name}'.`)
    return index
  }
}

function topicsOf ({ topic, topics = topic === undefined ? [] : [topic] }: NodeDefinition): readonly Topic[] {
  return topics
}

function routingRejects (input: AnyForward, routed: AnyForward): AnyForward {
  return record => record.value instanceof Rejected ? routed(record) : input(record)
}

/** Hands a record to all nodes behind, one after the other. The functions are looked up once, with the first record. */
function handOn (execution: Execution, node: Node, behind: readonly Node[], late: ReadonlyMap<Node, AnyForward>): AnyForward {
  let targets: readonly AnyForward[] | undefined
  const find = (): readonly AnyForward[] => {
    targets = behind.flatMap(child => late.get(child) ?? [])
    return targets
  }
  if (behind.length === 0) return () => {}
  if (behind.length === 1) {
    let only: AnyForward | undefined
    return record => {
      execution.forwarded(node, record)
      only ??= find()[0]
      only?.(record)
    }
  }
  return record => {
    execution.forwarded(node, record)
    for (const target of targets ?? find()) target(record)
  }
}
