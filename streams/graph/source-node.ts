import { GraphNode } from './graph-node.ts'
import type { OffsetReset } from './node.ts'
import type { Topic } from './topic.ts'

/** How a topic is read; Kafka Streams' `Consumed`. */
export interface SourceOptions {
  /** Where partitions are begun that nobody has read yet; left out: as the worker is told. */
  readonly offsetReset?: OffsetReset
}

/** A topic that is read as a stream. */
export class StreamSourceNode extends GraphNode {
  readonly topic: Topic
  readonly offsetReset: OffsetReset | undefined

  constructor (name: string, topic: Topic, { offsetReset }: SourceOptions = {}) {
    super({ name, write: physical => physical.add({ kind: 'source', name, parents: [], topic, offsetReset }) })
    this.topic = topic
    this.offsetReset = offsetReset
  }
}
