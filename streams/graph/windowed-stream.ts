import { addWindowedAggregate, windowAggregation, type WindowedAggregateCall } from './aggregate.ts'
import type { GroupedPlace } from './grouped-place.ts'
import { burnName, type Aggregator, type WindowAggregateOptions } from './grouped-stream.ts'
import { counting } from './operators/counting.ts'
import { reducing } from './operators/reducing.ts'
import { long } from '../serdes/long.ts'
import type { Table } from './table.ts'
import type { SlidingWindows } from '../windows/sliding-windows.ts'
import type { TimeWindows } from '../windows/time-windows.ts'
import type { UnlimitedWindows } from '../windows/unlimited-windows.ts'
import type { Windowed } from '../windows/windowed.ts'

/** on-window-update: a row is handed on whenever it changes · on-window-close: once, when no record can change it any more. */
export type EmitStrategy = 'on-window-update' | 'on-window-close'

export interface EmitOptions {
  /**
   * Closes windows by the wall clock too, once their partition has had no record for so long: in a commit of its own, and records that come
   * later for them are late. Left out: only records close windows.
   */
  readonly closeWhenIdleMs?: number
}

/** Refuses what could never come about. */
export function checkEmit (emit: EmitStrategy, { closeWhenIdleMs }: EmitOptions): void {
  if (closeWhenIdleMs === undefined) return
  if (emit !== 'on-window-close') throw new TypeError("closeWhenIdleMs closes windows, and rows that are emitted 'on-window-update' do not wait for that; emit them 'on-window-close'.")
  if (!Number.isSafeInteger(closeWhenIdleMs) || closeWhenIdleMs < 1) throw new TypeError(`closeWhenIdleMs is a whole number of milliseconds above zero, not ${closeWhenIdleMs}.`)
}

/** Records of one key together, per window. */
export class WindowedStream<K, V> {
  readonly #place: GroupedPlace<K, V>
  readonly #windows: TimeWindows | SlidingWindows | UnlimitedWindows
  readonly #emit: EmitStrategy
  readonly #emitOptions: EmitOptions

  constructor (place: GroupedPlace<K, V>, windows: TimeWindows | SlidingWindows | UnlimitedWindows, emit: EmitStrategy = 'on-window-update', emitOptions: EmitOptions = {}) {
    this.#place = place
    this.#windows = windows
    this.#emit = emit
    this.#emitOptions = emitOptions
  }

  emitStrategy (emit: EmitStrategy, options: EmitOptions = {}): WindowedStream<K, V> {
    checkEmit(emit, options)
    if (this.#windows.type === 'unlimited' && emit === 'on-window-close') throw new TypeError("An unlimited window never closes, so its rows cannot be emitted 'on-window-close'.")
    return new WindowedStream(this.#place, this.#windows, emit, options)
  }

  /** A row per key and window. Records for windows that are closed are dropped, and counted. */
  aggregate<A> (initializer: () => A, aggregator: Aggregator<K, V, A>, options: WindowAggregateOptions<K, NonNullable<A>> = {}): Table<Windowed<K>, NonNullable<A>> {
    return this.#aggregate({ prefix: 'KSTREAM-AGGREGATE-', options, functions: { initializer, aggregator } })
  }

  reduce (reducer: (aggregate: NonNullable<V>, value: V) => NonNullable<V>, options: WindowAggregateOptions<K, NonNullable<V>> = {}): Table<Windowed<K>, NonNullable<V>> {
    return this.#aggregate<NonNullable<V> | null>({ prefix: 'KSTREAM-REDUCE-', options, functions: reducing(reducer), value: this.#place.value })
  }

  count (options: WindowAggregateOptions<K, number> = {}): Table<Windowed<K>, number> {
    // Not where windows slide: there Kafka Streams does not.
    if (this.#windows.type !== 'sliding') burnName(this.#place, options.store)
    return this.#aggregate<number>({ prefix: 'KSTREAM-AGGREGATE-', options, functions: counting, value: long })
  }

  #aggregate<A> (call: WindowedAggregateCall<K, V, A>): Table<Windowed<K>, NonNullable<A>> {
    return addWindowedAggregate(this.#place, call, parts => windowAggregation<K, V, A>({ windows: this.#windows, emit: this.#emit, ...this.#emitOptions, ...parts }))
  }
}
