import type { Store } from '../stores/store.ts'
import { TopologyError } from '../errors.ts'
import type { Node, NodeKind } from './node.ts'
import type { DeadLetterFormat } from './stream.ts'
import type { Topic } from './topic.ts'

/** Collects nodes in the order of definition, and refuses what could not run. */
export class GraphBuilder {
  readonly nodes: Node[] = []
  /** How each dead-letter sink writes. */
  readonly deadLetterFormats = new Map<Node, DeadLetterFormat>()
  readonly #topology: string
  readonly #names = new Set<string>()
  readonly #stores = new Map<string, Store>()

  constructor (topology: string) {
    this.#topology = topology
  }

  add (
    kind: NodeKind, prefix: string, parents: readonly Node[], name: string | undefined,
    { stores = [], topic }: { readonly stores?: readonly Store[], readonly topic?: Topic } = {}
  ): Node {
    const index = this.nodes.length
    const node: Node = Object.freeze({ index, name: this.#claim(name ?? `${prefix}-${String(index).padStart(10, '0')}`), kind, parents, stores, topic })
    for (const store of stores) this.#register(store)
    this.nodes.push(node)
    return node
  }

  addSink (parent: Node, topic: Topic, { name, format }: { readonly name?: string, readonly format?: DeadLetterFormat }): Node {
    if (format === undefined) return this.add('sink', 'KSTREAM-SINK', [parent], name, { topic })
    const node = this.add('dead-letter-sink', 'KSTREAM-SINK', [parent], name, { topic })
    this.deadLetterFormats.set(node, format)
    return node
  }

  #claim (name: string): string {
    if (!/^[A-Za-z0-9._-]{1,249}$/.test(name)) {
      throw new TopologyError(`Topology '${this.#topology}' names a node '${name}'; a name has 1 to 249 letters, digits, '.', '_' or '-'.`)
    }
    if (this.#names.has(name)) {
      throw new TopologyError(`Topology '${this.#topology}' has two nodes named '${name}'; give one another name, or merge the streams before it.`)
    }
    this.#names.add(name)
    return name
  }

  #register (store: Store): void {
    const known = this.#stores.get(store.name)
    if (known !== undefined && known !== store) {
      throw new TopologyError(`Topology '${this.#topology}' has two stores named '${store.name}'; a store's name is its table, so define it once and share it.`)
    }
    this.#stores.set(store.name, store)
  }
}
