import type { Processor, ProcessorContext, StoreRoles } from '../processor.ts'
import { wirePunctuations } from '../punctuation.ts'
import type { StreamRecord } from '../record.ts'
import type { AnyWire } from '../physical-graph.ts'
import type { WritersOf } from '../../stores/store.ts'

/** A pluggable node in the graph, over the stores of its roles. */
export function processor<In, Out, S extends StoreRoles> (given: Processor<In, Out, S>): AnyWire {
  return (execution, node, forward, to) => {
    const context: ProcessorContext<Out, S> = {
      // Each role is given the writer of the store named for it; `fromEntries` cannot express that correspondence.
      stores: Object.fromEntries(Object.entries(given.stores).map(([role, store]) => [role, execution.writer(store)])) as WritersOf<S>,
      forward: (record, child) => child === undefined ? forward(record) : to(child)(record),
      drop: reason => execution.drop(node, reason),
      recordMetadata: () => execution.current()
    }
    wirePunctuations(given, execution, node, context)
    return record => {
      const previous = execution.enter(node)
      // `Stream.process` takes a processor only behind values that it accepts.
      given.process(record as StreamRecord<unknown, In>, context)
      execution.leave(previous)
    }
  }
}
