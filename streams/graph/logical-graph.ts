import { TopologyError } from '../errors.ts'
import { GraphNode } from './graph-node.ts'
import { letNullKeysPass } from './optimize/let-null-keys-pass.ts'
import { mergeRepartitions } from './optimize/merge-repartitions.ts'
import { RepartitionNode } from './repartition-node.ts'
import { useVersions } from './optimize/use-versions.ts'
import { joinWithItself } from './optimize/join-with-itself.ts'
import { RootNode } from './root-node.ts'

/** Kafka Streams' `topology.optimization`, by its own words. */
export type Optimization = 'all' | 'none' | readonly ('reuse.ktable.source.topics' | 'merge.repartition.topics' | 'single.store.self.join')[]

export interface LogicalGraphOptions {
  readonly optimization?: Optimization
  readonly caching?: boolean
  /** Of topologies that are combined one for all; left out: its own. */
  readonly root?: RootNode
  /** Stands before all numbered names; left out: nothing. */
  readonly prefix?: string
}

/** The operators of one topology as they were called, and the numbers of those that were given no name. */
export class LogicalGraph {
  readonly topology: string
  /** Of stores that do not say otherwise. */
  readonly caching: boolean
  readonly root: RootNode
  readonly prefix: string
  /** In order of definition: what the optimizations look for. */
  readonly nodes: GraphNode[] = []
  /** Names of the nodes that hand on rows as they change, where others hand on records; and of the joins that look into them without standing behind. */
  readonly tables = new Map<string, string[]>()
  /** Names of the nodes that read a global table, with its name. */
  readonly globalReaders: { readonly node: string, readonly global: string }[] = []

  readonly #optimization: Optimization
  #names = 0

  constructor (topology: string, { optimization = 'none', caching = true, root = new RootNode(), prefix = '' }: LogicalGraphOptions) {
    this.topology = topology
    this.caching = caching
    this.root = root
    this.prefix = prefix
    this.#optimization = optimization
    if (prefix !== '') this.check(prefix)
  }

  /** One counter for all nodes and stores of a topology, as in Kafka Streams; of topologies that are combined, each has its own. */
  newName (prefix: string): string {
    return this.prefix + prefix + String(this.#names++).padStart(10, '0')
  }

  /** A number is used up also where there is a name: so that what comes after keeps its own when one is given, as in Kafka Streams. */
  nameOr (given: string | undefined, prefix: string): string {
    const numbered = this.newName(prefix)
    return given === undefined ? numbered : this.check(given)
  }

  /** Of a node that belongs to an operator with a name: that name and a suffix. */
  suffixOr (given: string | undefined, suffix: string, prefix: string): string {
    const numbered = this.newName(prefix)
    return given === undefined ? numbered : this.check(given + suffix)
  }

  newStoreName (prefix: string): string {
    return this.newName(prefix + 'STATE-STORE-')
  }

  check (name: string): string {
    if (!/^[A-Za-z0-9._-]{1,249}$/.test(name) || name === '.' || name === '..') {
      throw new TopologyError(`Topology '${this.topology}' has the name '${name}'; a name has 1 to 249 letters, digits, '.', '_' or '-'.`)
    }
    return name
  }

  add (parents: GraphNode | readonly GraphNode[], node: GraphNode): void {
    for (const parent of parents instanceof GraphNode ? [parents] : parents) {
      parent.addChild(node)
      node.priority = this.root.nextPriority()
    }
    if (!this.nodes.includes(node)) this.nodes.push(node)
  }

  /** Kafka Streams numbers operators here that we do not have; the order of what comes after depends on it. */
  skipPriority (): void {
    this.root.nextPriority()
  }

  /** Once everything is called, and before it is written. */
  optimize (): void {
    if (this.#does('merge.repartition.topics')) mergeRepartitions(this)
    if (this.#does('single.store.self.join')) joinWithItself(this)
    letNullKeysPass(this.nodes.filter(node => node instanceof RepartitionNode))
    useVersions(this)
  }

  #does (rule: Exclude<Optimization, string>[number]): boolean {
    return this.#optimization === 'all' || (this.#optimization !== 'none' && this.#optimization.includes(rule))
  }
}
