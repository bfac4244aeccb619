import { GraphNode } from './graph-node.ts'

/** What all sources hang on; it knows the order in which operators were called, over all topologies that share it. */
export class RootNode extends GraphNode {
  #priorities = 0

  constructor () {
    super({ name: 'root', write: () => {} })
  }

  nextPriority (): number {
    return this.#priorities++
  }
}
