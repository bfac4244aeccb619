import type { AnyWire } from '../physical-graph.ts'
import { TopologyError } from '../../errors.ts'
import { Rejected } from '../contract.ts'
import type { ChosenPartition } from '../execution.ts'
import type { StreamRecord } from '../record.ts'
import type { Topic } from '../topic.ts'

/** What `ChoosesPartition` says. */
export type Partitioner<K, V> = (record: StreamRecord<K, V>, count: number) => number | undefined

/** Records without a key have no place in a repartition topic, unless an outer join behind it wants them. */
export function nullKeyFilter ({ passesNullKeys }: { readonly passesNullKeys: boolean }): AnyWire {
  return (execution, node, forward) => record => {
    execution.leave(execution.enter(node))
    if (passesNullKeys || (record.key !== null && record.key !== undefined)) forward(record)
  }
}

/** Writes to the node's topic. */
export const sink: AnyWire = (...wiring) => sinkTo(() => undefined)(...wiring)

/** As `sink`, into the partition that a function of the record and the number of partitions chooses. */
export function sinkBy<K, V> (partitioner: Partitioner<K, V> | undefined): AnyWire {
  // The stream before it is of the partitioner's types.
  return partitioner === undefined ? sink : sinkTo(record => count => partitioner(record as StreamRecord<K, V>, count))
}

/** As `sink`, into a partition that the record names; undefined: that of the key. */
export function sinkTo (partitionOf: (record: StreamRecord) => ChosenPartition | undefined): AnyWire {
  return (execution, node) => record => {
    const previous = execution.enter(node)
    if (record.value instanceof Rejected) throw new TypeError(`a value that was turned away came here, and would be written as if it were one (${record.value.message}); branch it off before`)
    execution.emit(node, record, partitionOf(record))
    execution.leave(previous)
  }
}

/** As `sinkBy`, to the topic that the record chooses among those that were declared. */
export function sinkAmong<K, V> (choose: (record: StreamRecord<K, V>) => Topic, topics: readonly Topic[], partitioner: Partitioner<K, V> | undefined): AnyWire {
  const internal = topics.find(topic => topic.internal)
  if (internal !== undefined) throw new TopologyError(`A sink that chooses its topic cannot write to the internal topic '${internal.name}'; write to it with a sink of its own.`)
  return (execution, node) => record => {
    const previous = execution.enter(node)
    if (record.value instanceof Rejected) throw new TypeError(`a value that was turned away came here, and would be written as if it were one (${record.value.message}); branch it off before`)
    // The stream before it is of the functions' types.
    const typed = record as StreamRecord<K, V>
    const topic = choose(typed)
    if (!topics.includes(topic)) throw new TypeError(`it chose topic '${topic?.name}', which is not among those declared (${topics.map(({ name }) => name).join(', ')}); add it to topics`)
    execution.emit(node, record, partitioner && (count => partitioner(typed, count)), topic)
    execution.leave(previous)
  }
}

/** As `sink`; what a validation turned away goes there as a dead letter. */
export const deadLetterSink: AnyWire = (execution, node, forward, to) => {
  const write = sink(execution, node, forward, to)
  return record => {
    if (!(record.value instanceof Rejected)) return write(record)
    const previous = execution.enter(node)
    execution.deadLetter(node, record.value)
    execution.leave(previous)
  }
}
