import type { Static, TSchema } from 'typebox'
import { checkPunctuations, type ProcessorContext, type ProcessorPunctuation, type PunctuationContext, type StoreRoles } from './processor.ts'
import type { StreamRecord } from './record.ts'

/** What a value processor hands on; its key is that of the record which it was given. */
export type ValueRecord<V> = Omit<StreamRecord<unknown, V>, 'key'>

export interface ValueProcessorContext<Out, S extends StoreRoles> extends Omit<ProcessorContext<Out, S>, 'forward'> {
  /** As in `ProcessorContext`, under the key of the record being processed. */
  readonly forward: (record: ValueRecord<Out>, child?: string) => void
}

/** By time it may change stores, and has no key to hand anything on under. */
export interface ValuePunctuation<S extends StoreRoles> extends Omit<ProcessorPunctuation<never, S>, 'run'> {
  readonly run: (timestamp: number, context: Omit<PunctuationContext<never, S>, 'forward'>) => void
}

/** A processor that cannot change keys, so that what stands behind it needs no repartition; Kafka Streams' `FixedKeyProcessor`. */
export interface ValueProcessor<In, Out, S extends StoreRoles = StoreRoles> {
  /** Tells it from one that can change keys. */
  readonly keepsKey: true
  readonly name: string
  readonly stores: S
  readonly process: (record: StreamRecord<unknown, In>, context: ValueProcessorContext<Out, S>) => void
  readonly punctuate: readonly ValuePunctuation<S>[]
}

export function defineValueProcessor<In extends TSchema, const S extends StoreRoles, Out extends TSchema | undefined = undefined> (
  { name, stores, process, punctuate = [] }: {
    readonly name: string
    readonly input: In
    /** Left out: the line ends here. */
    readonly output?: Out
    readonly stores: S
    readonly process: (record: StreamRecord<unknown, Static<In>>, context: ValueProcessorContext<Out extends TSchema ? Static<Out> : never, S>) => void
    readonly punctuate?: readonly ValuePunctuation<S>[]
  }
): ValueProcessor<Static<In>, Out extends TSchema ? Static<Out> : never, S> {
  checkPunctuations(name, punctuate)
  return Object.freeze({ keepsKey: true, name, stores, process, punctuate })
}
