import { GraphNode } from './graph-node.ts'
import type { Topic } from './topic.ts'

/** A topic that is read as a stream. */
export class StreamSourceNode extends GraphNode {
  readonly topic: Topic

  constructor (name: string, topic: Topic) {
    super({ name, write: physical => physical.add({ kind: 'source', name, parents: [], topic }) })
    this.topic = topic
  }
}
