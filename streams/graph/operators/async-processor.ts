import type { AsyncProcessor } from '../async-processor.ts'
import type { AnyWire } from '../physical-graph.ts'
import type { StreamRecord } from '../record.ts'

/** Hands on what came of the record's call, and nothing before there is something: the record is run again then. */
export function asyncProcessor<In, Out> ({ onFailure }: AsyncProcessor<In, Out>): AnyWire {
  return (execution, node, forward) => record => {
    const previous = execution.enter(node)
    const outcome = execution.call(node, record)
    if (outcome?.kind === 'failed') execution.giveUp(node, outcome.failure)
    // `Stream.processAsync` takes a processor only behind values that it accepts.
    const value = outcome?.kind === 'failed' ? onFailure?.(record as StreamRecord<unknown, In>, outcome.failure) : outcome?.value
    if (value !== undefined) forward({ ...record, value })
    execution.leave(previous)
  }
}
