import { addWindowedAggregate, sessionAggregation, type WindowedAggregateCall } from './aggregate.ts'
import type { GroupedPlace } from './grouped-place.ts'
import { burnName, type Aggregator, type WindowAggregateOptions } from './grouped-stream.ts'
import { counting } from './operators/counting.ts'
import { reducing } from './operators/reducing.ts'
import { long } from '../serdes/long.ts'
import type { Table } from './table.ts'
import { checkEmit, type EmitOptions, type EmitStrategy } from './windowed-stream.ts'
import type { SessionWindows } from '../windows/session-windows.ts'
import type { Windowed } from '../windows/windowed.ts'

/** Makes two sessions that have grown together one. */
export type Merger<K, A> = (one: A, other: A, key: K) => A

/** Records of one key together, per session. */
export class SessionWindowedStream<K, V> {
  readonly #place: GroupedPlace<K, V>
  readonly #windows: SessionWindows
  readonly #emit: EmitStrategy
  readonly #emitOptions: EmitOptions

  constructor (place: GroupedPlace<K, V>, windows: SessionWindows, emit: EmitStrategy = 'on-window-update', emitOptions: EmitOptions = {}) {
    this.#place = place
    this.#windows = windows
    this.#emit = emit
    this.#emitOptions = emitOptions
  }

  emitStrategy (emit: EmitStrategy, options: EmitOptions = {}): SessionWindowedStream<K, V> {
    checkEmit(emit, options)
    return new SessionWindowedStream(this.#place, this.#windows, emit, options)
  }

  /** A row per key and session. A record that joins sessions makes them one: the rows that were are deleted, and the new one follows. */
  aggregate<A> (initializer: () => A, aggregator: Aggregator<K, V, A>, merger: Merger<K, A>, options: WindowAggregateOptions<K, NonNullable<A>> = {}): Table<Windowed<K>, NonNullable<A>> {
    return this.#aggregate({ prefix: 'KSTREAM-AGGREGATE-', options, functions: { initializer, aggregator, merger } })
  }

  reduce (reducer: (aggregate: NonNullable<V>, value: V) => NonNullable<V>, options: WindowAggregateOptions<K, NonNullable<V>> = {}): Table<Windowed<K>, NonNullable<V>> {
    return this.#aggregate<NonNullable<V> | null>({ prefix: 'KSTREAM-REDUCE-', options, functions: reducing(reducer), value: this.#place.value })
  }

  count (options: WindowAggregateOptions<K, number> = {}): Table<Windowed<K>, number> {
    burnName(this.#place, options.store)
    return this.#aggregate<number>({ prefix: 'KSTREAM-AGGREGATE-', options, functions: counting, value: long })
  }

  #aggregate<A> (call: WindowedAggregateCall<K, V, A>): Table<Windowed<K>, NonNullable<A>> {
    return addWindowedAggregate(this.#place, call, parts => sessionAggregation<K, V, A>({ windows: this.#windows, emit: this.#emit, ...this.#emitOptions, ...parts }))
  }
}
