import { addAggregate, windowAggregation, type AggregateFunctions } from './aggregate.ts'
import type { GroupedPlace } from './grouped-place.ts'
import { burnName, type Aggregator, type WindowAggregateOptions } from './grouped-stream.ts'
import { counting } from './operators/counting.ts'
import { reducing } from './operators/reducing.ts'
import { long } from '../serdes/long.ts'
import type { Serde } from '../serdes/serde.ts'
import { resolveStore } from './store-options.ts'
import type { Table } from './table.ts'
import type { SlidingWindows } from '../windows/sliding-windows.ts'
import type { TimeWindows } from '../windows/time-windows.ts'
import type { UnlimitedWindows } from '../windows/unlimited-windows.ts'
import type { Windowed } from '../windows/windowed.ts'

/** on-window-update: a row is handed on whenever it changes · on-window-close: once, when no record can change it any more. */
export type EmitStrategy = 'on-window-update' | 'on-window-close'

/** Records of one key together, per window. */
export class WindowedStream<K, V> {
  readonly #place: GroupedPlace<K, V>
  readonly #windows: TimeWindows | SlidingWindows | UnlimitedWindows
  readonly #emit: EmitStrategy

  constructor (place: GroupedPlace<K, V>, windows: TimeWindows | SlidingWindows | UnlimitedWindows, emit: EmitStrategy = 'on-window-update') {
    this.#place = place
    this.#windows = windows
    this.#emit = emit
  }

  emitStrategy (emit: EmitStrategy): WindowedStream<K, V> {
    if (this.#windows.type === 'unlimited' && emit === 'on-window-close') throw new TypeError("An unlimited window never closes, so its rows cannot be emitted 'on-window-close'.")
    return new WindowedStream(this.#place, this.#windows, emit)
  }

  /** A row per key and window. Records for windows that are closed are dropped, and counted. */
  aggregate<A> (initializer: () => A, aggregator: Aggregator<K, V, A>, options: WindowAggregateOptions<K, NonNullable<A>> = {}): Table<Windowed<K>, NonNullable<A>> {
    return this.#aggregate('KSTREAM-AGGREGATE-', options, { initializer, aggregator })
  }

  reduce (reducer: (aggregate: NonNullable<V>, value: V) => NonNullable<V>, options: WindowAggregateOptions<K, NonNullable<V>> = {}): Table<Windowed<K>, NonNullable<V>> {
    return this.#aggregate<NonNullable<V> | null>('KSTREAM-REDUCE-', options, reducing(reducer), this.#place.value)
  }

  count (options: WindowAggregateOptions<K, number> = {}): Table<Windowed<K>, number> {
    // Not where windows slide: there Kafka Streams does not.
    if (this.#windows.type !== 'sliding') burnName(this.#place, options.store)
    return this.#aggregate<number>('KSTREAM-AGGREGATE-', options, counting, long)
  }

  #aggregate<A> (
    prefix: string, options: WindowAggregateOptions<K, NonNullable<A>>, functions: AggregateFunctions<K, V, A>, value?: Serde<NonNullable<A>>
  ): Table<Windowed<K>, NonNullable<A>> {
    const { graph, key } = this.#place
    const store = resolveStore<K, NonNullable<A>>(graph, options.store, prefix, { key, value })
    const name = graph.nameOr(options.name, prefix)
    const aggregation = windowAggregation<K, V, A>({ windows: this.#windows, emit: this.#emit, store, retentionMs: options.store?.retentionMs })
    return addAggregate(this.#place, name, store.name, aggregation, functions)
  }
}
