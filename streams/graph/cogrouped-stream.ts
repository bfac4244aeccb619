import { aggregateNode, plainAggregation, sessionAggregation, windowAggregation, type Aggregation } from './aggregate.ts'
import type { GraphNode } from './graph-node.ts'
import type { Aggregator, AggregateOptions, GroupedStream, WindowAggregateOptions } from './grouped-stream.ts'
import type { GroupedPlace } from './grouped-place.ts'
import { inner } from './inner.ts'
import { tablePassThrough } from './operators/table-pass-through.ts'
import type { Merger } from './session-windowed-stream.ts'
import { singleNode } from './stateless.ts'
import { resolveStore, type ResolvedStore, type StoreOptions } from './store-options.ts'
import { StoredRows } from './table-rows.ts'
import { Table } from './table.ts'
import type { SessionWindows } from '../windows/session-windows.ts'
import type { SlidingWindows } from '../windows/sliding-windows.ts'
import type { TimeWindows } from '../windows/time-windows.ts'
import type { UnlimitedWindows } from '../windows/unlimited-windows.ts'
import type { Windowed } from '../windows/windowed.ts'

/** One of the streams that are aggregated together. What its values are only its own aggregator knows. */
interface Member<K, A> {
  readonly place: GroupedPlace<K, unknown>
  readonly aggregator: Aggregator<K, unknown, A>
}

/** Several grouped streams on their way into one table; each has an aggregator of its own. */
export class CogroupedStream<K, A> {
  readonly #members: readonly Member<K, A>[]

  constructor (members: readonly Member<K, A>[]) {
    this.#members = members
  }

  cogroup<V> (grouped: GroupedStream<K, V>, aggregator: Aggregator<K, NonNullable<V>, A>): CogroupedStream<K, A> {
    // The aggregator is given this stream's values only.
    return new CogroupedStream<K, A>([...this.#members, { place: grouped[inner] as GroupedPlace<K, unknown>, aggregator: aggregator as Aggregator<K, unknown, A> }])
  }

  aggregate (initializer: () => A, options: AggregateOptions<K, NonNullable<A>> = {}): Table<K, NonNullable<A>> {
    const store = this.#store(options.store)
    return this.#add(plainAggregation<K, unknown, A>(store, options.store?.historyRetentionMs), store.name, options.name, initializer)
  }

  windowedBy (windows: SessionWindows): SessionWindowedCogroupedStream<K, A>
  windowedBy (windows: TimeWindows | SlidingWindows | UnlimitedWindows): WindowedCogroupedStream<K, A>
  windowedBy (windows: TimeWindows | SlidingWindows | UnlimitedWindows | SessionWindows): WindowedCogroupedStream<K, A> | SessionWindowedCogroupedStream<K, A> {
    if (windows.type === 'session') {
      const sessions: SessionWindowedCogroupedStream<K, A> = {
        aggregate: (initializer, merger, options = {}) => {
          const store = this.#store(options.store)
          return this.#add(sessionAggregation<K, unknown, A>({ windows, emit: 'on-window-update', store, retentionMs: options.store?.retentionMs }), store.name, options.name, initializer, merger)
        }
      }
      return sessions
    }
    const windowed: WindowedCogroupedStream<K, A> = {
      aggregate: (initializer, options = {}) => {
        const store = this.#store(options.store)
        return this.#add(windowAggregation<K, unknown, A>({ windows, emit: 'on-window-update', store, retentionMs: options.store?.retentionMs }), store.name, options.name, initializer)
      }
    }
    return windowed
  }

  #store (options: StoreOptions<K, NonNullable<A>> | undefined): ResolvedStore<K, NonNullable<A>> {
    const { graph, key } = this.#first.place
    return resolveStore<K, NonNullable<A>>(graph, options, 'COGROUPKSTREAM-AGGREGATE-', { key, value: undefined })
  }

  get #first (): Member<K, A> {
    const [first] = this.#members
    if (first === undefined) throw new TypeError('A cogroup has at least one stream.')
    return first
  }

  #add<KR> (aggregation: Aggregation<K, unknown, KR, A>, storeName: string, given: string | undefined, initializer: () => A, merger?: Merger<K, A>): Table<KR, NonNullable<A>> {
    const { graph } = this.#first.place
    const rows = new StoredRows(aggregation.getter)
    const parents = this.#members.map(({ place }) => place.parentFor(storeName))
    const nodes = this.#members.map(({ aggregator }, index): GraphNode => {
      const name = graph.suffixOr(given, `-cogroup-agg-${index}`, 'COGROUPKSTREAM-AGGREGATE-')
      const node = aggregateNode(name, aggregation, aggregation.stores, aggregation.wire({ initializer, aggregator, merger, sendsOldValues: () => rows.sendsOldValues }))
      const parent = parents[index]
      if (parent !== undefined) graph.add(parent, node)
      return node
    })
    const name = graph.suffixOr(given, '-cogroup-merge', 'COGROUPKSTREAM-MERGE-')
    const node = singleNode({ name, kind: 'merge', wire: tablePassThrough<KR, NonNullable<A>>() })
    graph.add(nodes, node)
    return new Table<KR, NonNullable<A>>({ graph, node, name, key: aggregation.key, value: aggregation.value, rows })
  }
}

export interface WindowedCogroupedStream<K, A> {
  readonly aggregate: (initializer: () => A, options?: WindowAggregateOptions<K, NonNullable<A>>) => Table<Windowed<K>, NonNullable<A>>
}

export interface SessionWindowedCogroupedStream<K, A> {
  readonly aggregate: (initializer: () => A, merger: Merger<K, A>, options?: WindowAggregateOptions<K, NonNullable<A>>) => Table<Windowed<K>, NonNullable<A>>
}
