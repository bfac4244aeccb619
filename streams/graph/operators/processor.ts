import type { Execution } from '../execution.ts'
import type { Node } from '../node.ts'
import type { Processor, ProcessorContext, StoreRoles } from '../processor.ts'
import { wirePunctuations } from '../punctuation.ts'
import type { StreamRecord } from '../record.ts'
import type { AnyWire } from '../physical-graph.ts'
import type { ValueProcessor, ValueProcessorContext } from '../value-processor.ts'
import type { WritersOf } from '../../stores/store.ts'

type Wiring = Parameters<AnyWire>

/** A pluggable node in the graph, over the stores of its roles. */
export function processor<In, Out, S extends StoreRoles> (given: Processor<In, Out, S>): AnyWire {
  return (...wiring) => {
    const [execution, node] = wiring
    const context = contextOf<Out, S>(given.stores, wiring)
    wirePunctuations(given, execution, node, context)
    return record => {
      const previous = execution.enter(node)
      // `Stream.process` takes a processor only behind values that it accepts.
      given.process(record as StreamRecord<unknown, In>, context)
      execution.leave(previous)
    }
  }
}

/** As `processor`; what it hands on has the key of the record that it was given. */
export function valueProcessor<In, Out, S extends StoreRoles> (given: ValueProcessor<In, Out, S>): AnyWire {
  return (...wiring) => {
    const [execution, node] = wiring
    const { stores, drop, recordMetadata, forward } = contextOf<Out, S>(given.stores, wiring)
    // A graph has no circles: while a record is in this node no other one comes to it.
    let key: unknown
    const context: ValueProcessorContext<Out, S> = {
      stores,
      drop,
      recordMetadata,
      forward: ({ value, timestamp, headers }, child) => forward({ key, value, timestamp, headers }, child)
    }
    wirePunctuations(given, execution, node, { stores, forward })
    return record => {
      const previous = execution.enter(node)
      key = record.key
      // `Stream.processValues` takes a processor only behind values that it accepts.
      given.process(record as StreamRecord<unknown, In>, context)
      execution.leave(previous)
    }
  }
}

export function openRoles<S extends StoreRoles> (roles: S, execution: Execution, node: Node): WritersOf<S> {
  // Each role is given the writer of the store named for it; `fromEntries` cannot express that correspondence.
  return Object.fromEntries(Object.entries(roles).map(([role, store]) => [role, store.kind === 'state-store' ? store.open(execution, node) : execution.writer(store)])) as WritersOf<S>
}

function contextOf<Out, S extends StoreRoles> (stores: S, [execution, node, forward, to]: Wiring): ProcessorContext<Out, S> {
  return {
    stores: openRoles(stores, execution, node),
    forward: (record, child) => child === undefined ? forward(record) : to(child)(record),
    drop: reason => execution.drop(node, reason),
    recordMetadata: () => execution.current()
  }
}
