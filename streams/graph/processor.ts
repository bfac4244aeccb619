import type { Static, TSchema } from 'typebox'
import type { StateStore } from '../stores/state-stores/state-store.ts'
import type { Store, WritersOf } from '../stores/store.ts'
import type { RecordMetadata, StreamRecord } from './record.ts'

export type StoreRoles = Readonly<Record<string, Store | StateStore>>

/** What is kept for the roles: the tables. */
export function tablesOf (roles: StoreRoles): Store[] {
  return Object.values(roles).flatMap((store): readonly Store[] => store.kind === 'state-store' ? store.stores : [store])
}

export interface ProcessorContext<Out, S extends StoreRoles> {
  readonly stores: WritersOf<S>
  /** Depth-first, as in Kafka Streams: returns when everything behind this node is done. With a child's name to that node alone. */
  readonly forward: <K>(record: StreamRecord<K, Out>, child?: string) => void
  /** Ends the record's way here, on purpose: counted under the reason, logged with its coordinates. Keep reasons few; they are metric labels. */
  readonly drop: (reason: string) => void
  /** undefined while what a node does by time reaches this one. */
  readonly recordMetadata: () => RecordMetadata | undefined
}

export interface PunctuationContext<Out, S extends StoreRoles> extends Pick<ProcessorContext<Out, S>, 'stores' | 'forward'> {
  /** None: time alone has led here. */
  readonly recordMetadata: () => undefined
  /** This task does it no more, nor after a restart. */
  readonly cancel: () => void
}

/** What a processor does every so often. Deadlines that were missed are made up for once. */
export interface ProcessorPunctuation<Out, S extends StoreRoles> {
  readonly everyMs: number
  /**
   * stream-time: behind the record that takes stream time to a multiple of the interval or past it, so behind the first one too ·
   * wall-clock: one interval after the task is there, and so on, with records and without.
   */
  readonly by: 'stream-time' | 'wall-clock'
  /** Given the stream time, or what the wall clock shows: nothing else says how late it is. */
  readonly run: (timestamp: number, context: PunctuationContext<Out, S>) => void
}

/**
 * A pluggable node. It may be run again before its effects count (a missing state, a conflict, an outage), so it acts only
 * through stores and `forward`, and takes time from the record, never from the clock.
 */
export interface Processor<In, Out, S extends StoreRoles = StoreRoles> {
  readonly name: string
  readonly stores: S
  readonly process: (record: StreamRecord<unknown, In>, context: ProcessorContext<Out, S>) => void
  /** Each keeps its deadline with the task under its place in this list: add new ones at the end. */
  readonly punctuate: readonly ProcessorPunctuation<Out, S>[]
}

export function defineProcessor<In extends TSchema, const S extends StoreRoles, Out extends TSchema | undefined = undefined> (
  { name, stores, process, punctuate = [] }: {
    readonly name: string
    readonly input: In
    /** Left out: the line ends here. */
    readonly output?: Out
    readonly stores: S
    readonly process: (record: StreamRecord<unknown, Static<In>>, context: ProcessorContext<Out extends TSchema ? Static<Out> : never, S>) => void
    readonly punctuate?: readonly ProcessorPunctuation<Out extends TSchema ? Static<Out> : never, S>[]
  }
): Processor<Static<In>, Out extends TSchema ? Static<Out> : never, S> {
  checkPunctuations(name, punctuate)
  return Object.freeze({ name, stores, process, punctuate })
}

export function checkPunctuations (name: string, punctuate: readonly { readonly everyMs: number }[]): void {
  for (const { everyMs } of punctuate) {
    if (!Number.isSafeInteger(everyMs) || everyMs < 1) throw new TypeError(`Processor '${name}' is to punctuate every ${everyMs} ms; an interval is a whole number of milliseconds above zero.`)
  }
}
