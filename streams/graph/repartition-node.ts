import { GraphNode } from './graph-node.ts'
import type { LogicalGraph } from './logical-graph.ts'
import type { PhysicalGraph } from './physical-graph.ts'
import { nullKeyFilter, sinkBy, type Partitioner } from './operators/repartition.ts'
import { defineInternalTopic, type Partitioning } from './topic.ts'
import type { Serde } from '../serdes/serde.ts'

export interface RepartitionOptions {
  /** Without `-repartition`, or with it: the topic's name behind the application id. */
  readonly prefix: string
  readonly key: Serde<unknown>
  readonly value: Serde<unknown>
  readonly partitions?: Partitioning
  /** Left out: by the key. */
  readonly partitioner?: Partitioner<never, never> | undefined
  /** Asked for by the user: stays where it is. */
  readonly isExplicit?: boolean
}

/** Through an internal topic, so that records of one key meet in one task: a filter, a sink and a source. */
export class RepartitionNode extends GraphNode {
  readonly topic: string
  readonly key: Serde<unknown>
  readonly value: Serde<unknown>
  readonly isExplicit: boolean
  /** False where nobody behind it has a use for records without a key. */
  passesNullKeys = true

  constructor (graph: LogicalGraph, { prefix, key, value, partitions, partitioner, isExplicit = false }: RepartitionOptions) {
    const topic = graph.check(prefix.endsWith('-repartition') ? prefix : prefix + '-repartition')
    // Three numbers are used up whether the names are taken or not, as in Kafka Streams: what comes after keeps its number.
    const numbered = { sink: graph.newName('KSTREAM-SINK-'), filter: graph.newName('KSTREAM-FILTER-'), source: graph.newName('KSTREAM-SOURCE-') }
    const named = { sink: topic + '-sink', filter: topic + '-filter', source: topic + '-source' }
    const names = prefix.startsWith(graph.prefix) && /^KSTREAM.*-[0-9]{10}$/.test(prefix.slice(graph.prefix.length)) ? numbered : named
    super({
      name: names.source,
      write: (physical: PhysicalGraph, parents) => {
        const internal = defineInternalTopic({ name: topic, key, value, ...(partitions === undefined ? {} : { partitions }) })
        physical.add({ kind: 'filter', name: names.filter, parents, wire: nullKeyFilter({ passesNullKeys: this.passesNullKeys }) })
        physical.add({ kind: 'sink', name: names.sink, parents: [names.filter], topic: internal, wire: sinkBy(partitioner) })
        physical.add({ kind: 'source', name: names.source, parents: [], topic: internal })
      }
    })
    this.topic = topic
    this.key = key
    this.value = value
    this.isExplicit = isExplicit
  }
}
