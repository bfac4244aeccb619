import { CogroupedStream } from './cogrouped-stream.ts'
import { addAggregate, plainAggregation, type AggregateFunctions } from './aggregate.ts'
import { GroupedPlace, type GroupedPlaceOptions } from './grouped-place.ts'
import { inner } from './inner.ts'
import { counting } from './operators/counting.ts'
import { reducing } from './operators/reducing.ts'
import { long } from '../serdes/long.ts'
import type { Serde } from '../serdes/serde.ts'
import { SessionWindowedStream } from './session-windowed-stream.ts'
import { resolveStore, type TableStoreOptions, type WindowStoreOptions } from './store-options.ts'
import type { Naming } from './stream.ts'
import type { Table } from './table.ts'
import { WindowedStream } from './windowed-stream.ts'
import type { SessionWindows } from '../windows/session-windows.ts'
import type { SlidingWindows } from '../windows/sliding-windows.ts'
import type { TimeWindows } from '../windows/time-windows.ts'
import type { UnlimitedWindows } from '../windows/unlimited-windows.ts'

/** Adds a record to the aggregate of its group. */
export type Aggregator<K, V, A> = (aggregate: A, value: V, key: K) => A

export interface AggregateOptions<K, A> extends Naming {
  readonly store?: TableStoreOptions<K, A>
}

export interface WindowAggregateOptions<K, A> extends Naming {
  readonly store?: WindowStoreOptions<K, A>
}

/** Records of one key together, ready to be made one row. */
export class GroupedStream<K, V> {
  readonly [inner]: GroupedPlace<K, V>

  constructor (options: GroupedPlaceOptions<K, V>) {
    this[inner] = new GroupedPlace(options)
  }

  /** A row per key, begun with `initializer` and carried on with each record. Records without a key or a value are dropped, and counted. */
  aggregate<A> (initializer: () => A, aggregator: Aggregator<K, NonNullable<V>, A>, options: AggregateOptions<K, NonNullable<A>> = {}): Table<K, NonNullable<A>> {
    return this.#aggregate('KSTREAM-AGGREGATE-', options, { initializer, aggregator })
  }

  /** A row per key: its first value, and then what the reducer makes of the row and the next one. */
  reduce (reducer: (aggregate: NonNullable<V>, value: NonNullable<V>) => NonNullable<V>, options: AggregateOptions<K, NonNullable<V>> = {}): Table<K, NonNullable<V>> {
    return this.#aggregate<NonNullable<V> | null>('KSTREAM-REDUCE-', options, reducing(reducer), this[inner].value)
  }

  /** How many records each key has had. */
  count (options: AggregateOptions<K, number> = {}): Table<K, number> {
    burnName(this[inner], options.store)
    return this.#aggregate<number>('KSTREAM-AGGREGATE-', options, counting, long)
  }

  windowedBy (windows: SessionWindows): SessionWindowedStream<K, V>
  windowedBy (windows: TimeWindows | SlidingWindows | UnlimitedWindows): WindowedStream<K, V>
  windowedBy (windows: TimeWindows | SlidingWindows | UnlimitedWindows | SessionWindows): WindowedStream<K, V> | SessionWindowedStream<K, V> {
    return windows.type === 'session' ? new SessionWindowedStream(this[inner], windows) : new WindowedStream(this[inner], windows)
  }

  #aggregate<A> (
    prefix: string, options: AggregateOptions<K, NonNullable<A>>, functions: AggregateFunctions<K, NonNullable<V>, A>, value?: Serde<NonNullable<A>>
  ): Table<K, NonNullable<A>> {
    const place = this[inner]
    const store = resolveStore<K, NonNullable<A>>(place.graph, options.store, prefix, { key: place.key, value })
    const name = place.graph.nameOr(options.name, prefix)
    // Values that are null never reach an aggregate without windows.
    return addAggregate<K, NonNullable<V> | null, K, A>(place as unknown as GroupedPlace<K, NonNullable<V> | null>, name, store.name, plainAggregation<K, NonNullable<V>, A>(store, options.store?.historyRetentionMs), functions as AggregateFunctions<K, NonNullable<V> | null, A>)
  }

  /** Begins an aggregate that several grouped streams share. */
  cogroup<A> (aggregator: Aggregator<K, NonNullable<V>, A>): CogroupedStream<K, A> {
    return new CogroupedStream<K, A>([]).cogroup(this, aggregator)
  }
}

/** Kafka Streams uses up a number where a store is described without a name, and so what comes after is named alike. */
export function burnName ({ graph }: Pick<GroupedPlace<unknown, unknown>, 'graph'>, store: { readonly name?: string } | undefined): void {
  if (store !== undefined && store.name === undefined) graph.newStoreName('KSTREAM-AGGREGATE-')
}
