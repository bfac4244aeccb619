import type { Static, TSchema } from 'typebox'
import type { Store, WritersOf } from '../stores/store.ts'
import type { RecordMetadata, StreamRecord } from './record.ts'

export type StoreRoles = Readonly<Record<string, Store>>

export interface ProcessorContext<Out, S extends StoreRoles> {
  readonly stores: WritersOf<S>
  /** Depth-first, as in Kafka Streams: returns when everything behind this node is done. With a child's name to that node alone. */
  readonly forward: <K>(record: StreamRecord<K, Out>, child?: string) => void
  /** Ends the record's way here, on purpose: counted under the reason, logged with its coordinates. Keep reasons few; they are metric labels. */
  readonly drop: (reason: string) => void
  readonly recordMetadata: () => RecordMetadata
}

/**
 * A pluggable node. It may be run again before its effects count (a missing state, a conflict, an outage), so it acts only
 * through stores and `forward`, and takes time from the record, never from the clock.
 */
export interface Processor<In, Out, S extends StoreRoles = StoreRoles> {
  readonly name: string
  readonly stores: S
  readonly process: (record: StreamRecord<unknown, In>, context: ProcessorContext<Out, S>) => void
}

export function defineProcessor<In extends TSchema, const S extends StoreRoles, Out extends TSchema | undefined = undefined> (
  { name, stores, process }: {
    readonly name: string
    readonly input: In
    /** Left out: the line ends here. */
    readonly output?: Out
    readonly stores: S
    readonly process: (record: StreamRecord<unknown, Static<In>>, context: ProcessorContext<Out extends TSchema ? Static<Out> : never, S>) => void
  }
): Processor<Static<In>, Out extends TSchema ? Static<Out> : never, S> {
  return Object.freeze({ name, stores, process })
}
