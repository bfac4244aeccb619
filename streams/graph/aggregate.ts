import type { Change } from './change.ts'
import { GraphNode } from './graph-node.ts'
import type { GroupedPlace } from './grouped-place.ts'
import type { Merger } from './session-windowed-stream.ts'
import type { Aggregator, WindowAggregateOptions } from './grouped-stream.ts'
import { keyValueOf, tableStore } from './materialize.ts'
import { aggregate } from './operators/aggregate.ts'
import { sessionWindowAggregate } from './operators/session-window-aggregate.ts'
import { slidingWindowAggregate } from './operators/sliding-window-aggregate.ts'
import { timeWindowAggregate } from './operators/time-window-aggregate.ts'
import { closingWhenIdle, type IdleClosing } from './operators/window-emission.ts'
import { erase } from './stateless.ts'
import { resolveStore, type ResolvedStore } from './store-options.ts'
import { StoredRows } from './table-rows.ts'
import { Table } from './table.ts'
import type { EmitStrategy } from './windowed-stream.ts'
import type { Wire } from './wire.ts'
import type { ValueGetterSupplier } from './value-getter.ts'
import type { Serde } from '../serdes/serde.ts'
import { sessionWindowed, timeWindowed } from '../serdes/windowed.ts'
import { defineSessionStore } from '../stores/session-store.ts'
import { windowNumbers } from '../stores/store-contents.ts'
import type { Store } from '../stores/store.ts'
import { defineWindowStore } from '../stores/window-store.ts'
import { retentionOf } from '../windows/retention.ts'
import type { SessionWindows } from '../windows/session-windows.ts'
import type { SlidingWindows } from '../windows/sliding-windows.ts'
import type { TimeWindows } from '../windows/time-windows.ts'
import type { UnlimitedWindows } from '../windows/unlimited-windows.ts'
import type { Windowed } from '../windows/windowed.ts'

/** The store of an aggregate, and what reads its rows. Several streams may be aggregated into one. */
export interface AggregateStore<KR, A> {
  readonly stores: readonly Store[]
  readonly getter: ValueGetterSupplier<KR, A>
  readonly key: Serde<KR>
  readonly value: Serde<A>
  readonly versioned: boolean
  /** How long after the end of a window its row may still change; undefined without windows. */
  readonly graceMs: number | undefined
}

/** An aggregate of one stream over a store: what becomes a node. */
export interface Aggregation<K, V, KR, A> extends AggregateStore<KR, NonNullable<A>> {
  readonly wire: (parts: { readonly initializer: () => A, readonly aggregator: Aggregator<K, V, A>, readonly merger: Merger<K, A> | undefined, readonly sendsOldValues: () => boolean }) => Wire<K | null, V, KR, Change<NonNullable<A>>>
}

/** One row per key. */
export function plainAggregation<K, V, A> (store: ResolvedStore<K, NonNullable<A>>, historyRetentionMs: number | undefined): Aggregation<K, V | null, K, A> {
  const table = keyValueOf(tableStore(store, historyRetentionMs, { isAggregate: true }), store)
  return {
    ...store,
    stores: table.stores,
    getter: table.getter,
    versioned: historyRetentionMs !== undefined,
    graceMs: undefined,
    wire: ({ initializer, aggregator, sendsOldValues }) => aggregate<K, V | null, A>({ store: table, initializer, aggregator, sendsOldValues })
  }
}

export interface WindowedAggregationOptions<K, A, W> {
  readonly windows: W
  readonly emit: EmitStrategy
  /** Left out: only records close windows. */
  readonly closeWhenIdleMs?: number | undefined
  readonly store: ResolvedStore<K, NonNullable<A>>
  readonly retentionMs: number | undefined
}

/** One row per key and window. */
export function windowAggregation<K, V, A> (
  { windows, emit, closeWhenIdleMs, store: { caching, ...store }, retentionMs }: WindowedAggregationOptions<K, A, TimeWindows | SlidingWindows | UnlimitedWindows>
): Aggregation<K, V, Windowed<K>, A> {
  const onClose = emit === 'on-window-close'
  const sizeMs = windows.type === 'time' ? windows.sizeMs : windows.type === 'sliding' ? windows.timeDifferenceMs : Number.MAX_SAFE_INTEGER
  // As in Kafka Streams, there is no cache before sliding windows and sessions that are emitted when they close.
  const table = defineWindowStore({
    ...store, sizeMs, caching: caching && !(onClose && windows.type === 'sliding'), windows: windowNumbers(windows), retentionMs: retentionOf(store.name, windows, retentionMs), closes: onClose
  })
  return {
    stores: table.stores,
    getter: table.getter,
    key: timeWindowed(store.key, sizeMs),
    value: store.value,
    versioned: false,
    graceMs: windows.graceMs,
    wire ({ initializer, aggregator, sendsOldValues }) {
      const parts = { store: table, emit, initializer, aggregator, sendsOldValues, ...idleOf(closeWhenIdleMs) }
      // Sliding windows never aggregate a null value, so their aggregator is not given one.
      return windows.type === 'sliding' ? slidingWindowAggregate<K, V, A>({ ...parts, windows }) as Wire<K | null, V, Windowed<K>, Change<NonNullable<A>>> : timeWindowAggregate<K, V, A>({ ...parts, windows })
    }
  }
}

/** One row per key and session. */
export function sessionAggregation<K, V, A> (
  { windows, emit, closeWhenIdleMs, store: { caching, ...store }, retentionMs }: WindowedAggregationOptions<K, A, SessionWindows>
): Aggregation<K, V, Windowed<K>, A> {
  const onClose = emit === 'on-window-close'
  const table = defineSessionStore({ ...store, caching: caching && !onClose, windows: windowNumbers(windows), retentionMs: retentionOf(store.name, windows, retentionMs), closes: onClose })
  return {
    stores: table.stores,
    getter: table.getter,
    key: sessionWindowed(store.key),
    value: store.value,
    versioned: false,
    graceMs: windows.graceMs + windows.inactivityGapMs,
    wire ({ initializer, aggregator, merger, sendsOldValues }) {
      if (merger === undefined) throw new TypeError(`The aggregate in store '${store.name}' is over sessions, so it needs a merger.`)
      return sessionWindowAggregate<K, V, A>({
        windows, store: table, emit, initializer, aggregator, merger, sendsOldValues, ...idleOf(closeWhenIdleMs)
      })
    }
  }
}

function idleOf (closeWhenIdleMs: number | undefined): { readonly idle?: IdleClosing } {
  return closeWhenIdleMs === undefined ? {} : { idle: closingWhenIdle(closeWhenIdleMs) }
}

export interface AggregateFunctions<K, V, A> {
  readonly initializer: () => A
  readonly aggregator: Aggregator<K, V, A>
  readonly merger?: Merger<K, A>
}

/** Adds the node of an aggregate, and a repartition before it where the key was changed. */
export function addAggregate<K, V, KR, A> (
  place: GroupedPlace<K, V>, name: string, storeName: string, aggregation: Aggregation<K, V, KR, A>, { initializer, aggregator, merger }: AggregateFunctions<K, V, A>
): Table<KR, NonNullable<A>> {
  const { graph } = place
  const { getter, stores, key, value } = aggregation
  const rows = new StoredRows(getter)
  const parent = place.parentFor(storeName)
  const node = aggregateNode(name, aggregation, stores, aggregation.wire({ initializer, aggregator, merger, sendsOldValues: () => rows.sendsOldValues }))
  graph.add(parent, node)
  return new Table<KR, NonNullable<A>>({ graph, node, name, key, value, rows })
}

/** The aggregate of a windowed stream: its store and its name first, as Kafka Streams numbers them. */
export function addWindowedAggregate<K, V, A> (
  place: GroupedPlace<K, V>, { prefix, options, functions, value }: WindowedAggregateCall<K, V, A>, aggregationOf: (parts: { readonly store: ResolvedStore<K, NonNullable<A>>, readonly retentionMs: number | undefined }) => Aggregation<K, V, Windowed<K>, A>
): Table<Windowed<K>, NonNullable<A>> {
  const store = resolveStore<K, NonNullable<A>>(place.graph, options.store, prefix, { key: place.key, value })
  const name = place.graph.nameOr(options.name, prefix)
  return addAggregate(place, name, store.name, aggregationOf({ store, retentionMs: options.store?.retentionMs }), functions)
}

export interface WindowedAggregateCall<K, V, A> {
  readonly prefix: string
  readonly options: WindowAggregateOptions<K, NonNullable<A>>
  readonly functions: AggregateFunctions<K, V, A>
  /** Of the rows, where the options name none. */
  readonly value?: Serde<NonNullable<A>> | undefined
}

export function aggregateNode<K, V, KR, A> (
  name: string, { versioned, graceMs }: Pick<AggregateStore<KR, A>, 'versioned' | 'graceMs'>, stores: readonly Store[], wire: Wire<K, V, KR, Change<A>>
): GraphNode {
  return new GraphNode({
    name,
    versioned,
    ...(graceMs === undefined ? {} : { graceMs }),
    write: (physical, parents) => physical.add({ kind: 'processor', name, parents, stores, wire: erase(wire) })
  })
}
