import type { AnyWire } from '../physical-graph.ts'
import { Rejected } from '../contract.ts'

/** Records without a key have no place in a repartition topic, unless an outer join behind it wants them. */
export function nullKeyFilter ({ passesNullKeys }: { readonly passesNullKeys: boolean }): AnyWire {
  return (execution, node, forward) => record => {
    execution.leave(execution.enter(node))
    if (passesNullKeys || (record.key !== null && record.key !== undefined)) forward(record)
  }
}

/** Writes to the node's topic. */
export const sink: AnyWire = (...wiring) => sinkTo(() => undefined)(...wiring)

/** As `sink`, into a partition that the value names; undefined: that of the key. */
export function sinkTo (partitionOf: (value: unknown) => number | undefined): AnyWire {
  return (execution, node) => record => {
    const previous = execution.enter(node)
    if (record.value instanceof Rejected) throw new TypeError(`a value that was turned away came here, and would be written as if it were one (${record.value.message}); branch it off before`)
    execution.emit(node, record, partitionOf(record.value))
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
