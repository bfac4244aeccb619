import { GraphNode } from './graph-node.ts'
import { inner, type Place } from './inner.ts'
import { tableStore } from './materialize.ts'
import { sink } from './operators/repartition.ts'
import { counting, tableAggregate } from './operators/table-aggregate.ts'
import { tableReduce } from './operators/table-reduce.ts'
import { storeOf, storedValues } from './operators/table-store.ts'
import type { Materialization } from './operators/materialized.ts'
import { changed } from '../serdes/changed.ts'
import { long } from '../serdes/long.ts'
import { erase } from './stateless.ts'
import { keySerde, resolveStore, valueSerde, type ResolvedStore, type TableStoreOptions } from './store-options.ts'
import type { Naming } from './stream.ts'
import { StoredRows } from './table-rows.ts'
import { Table } from './table.ts'
import { defineInternalTopic } from './topic.ts'
import type { Wire } from './wire.ts'
import type { Change } from './change.ts'

export interface GroupedTablePlace<K, V> extends Place<K, V> {
  /** Given by the topology's author: aggregates of this group share one topic. */
  readonly repartitionName: string | undefined
}

export interface TableAggregateOptions<K, A> extends Naming {
  readonly store?: TableStoreOptions<K, A>
}

/** The rows of a table in groups. What changes in the table is taken out of its group, and brought into that of its new value. */
export class GroupedTable<K, V> {
  readonly [inner]: GroupedTablePlace<K, V>
  #repartition: GraphNode | undefined

  constructor (place: GroupedTablePlace<K, V>) {
    this[inner] = place
  }

  aggregate<A> (
    initializer: () => A, adder: (aggregate: A, value: V, key: K) => A, subtractor: (aggregate: A, value: V, key: K) => A, options: TableAggregateOptions<K, NonNullable<A>> = {}
  ): Table<K, NonNullable<A>> {
    const { graph, key } = this[inner]
    const store = resolveStore<K, NonNullable<A>>(graph, options.store, 'KTABLE-AGGREGATE-', { key, value: undefined })
    // An aggregate that is null is no row, so what the functions are given is one.
    return this.#add('KTABLE-AGGREGATE-', options, store, (materialization, sendsOldValues) => tableAggregate({
      initializer: initializer as () => NonNullable<A>,
      adder: (aggregate, value, key) => adder(aggregate, value, key) ?? null,
      subtractor: (aggregate, value, key) => subtractor(aggregate, value, key) ?? null,
      materialization,
      sendsOldValues
    }))
  }

  reduce (adder: (aggregate: V, value: V) => V, subtractor: (aggregate: V, value: V) => V, options: TableAggregateOptions<K, V> = {}): Table<K, V> {
    const { graph, key, value } = this[inner]
    const store = resolveStore<K, V>(graph, options.store, 'KTABLE-AGGREGATE-', { key, value })
    return this.#add('KTABLE-REDUCE-', options, store, (materialization, sendsOldValues) => tableReduce({ adder, subtractor, materialization, sendsOldValues }))
  }

  /** How many rows each group has. */
  count (options: TableAggregateOptions<K, number> = {}): Table<K, number> {
    const { graph, key } = this[inner]
    const store = resolveStore<K, number>(graph, options.store, 'KTABLE-AGGREGATE-', { key, value: long })
    return this.#add('KTABLE-AGGREGATE-', options, store, (materialization, sendsOldValues) => tableAggregate<K, V, number>({ ...counting, materialization, sendsOldValues }))
  }

  #add<A> (
    prefix: string, options: TableAggregateOptions<K, A>, store: ResolvedStore<K, A>, wire: (materialization: Materialization<K, A>, sendsOldValues: () => boolean) => Wire<K, Change<V>, K, Change<A>>
  ): Table<K, A> {
    const { graph, node: parent, key, value, repartitionName } = this[inner]
    const sinkName = graph.suffixOr(options.name, '-sink', 'KSTREAM-SINK-')
    const sourceName = graph.suffixOr(options.name, '-source', 'KSTREAM-SOURCE-')
    const name = graph.nameOr(options.name, prefix)
    const topic = defineInternalTopic({ name: `${repartitionName ?? store.name}-repartition`, key: key ?? keySerde<K>(), value: changed(value ?? valueSerde<V>()) })
    const fresh = new GraphNode({
      name: sourceName,
      write (physical, parents) {
        physical.add({ kind: 'sink', name: sinkName, parents, topic, wire: sink })
        physical.add({ kind: 'source', name: sourceName, parents: [], topic })
      }
    })
    if (this.#repartition === undefined || repartitionName === undefined) this.#repartition = fresh
    graph.add(parent, this.#repartition)
    const historyRetentionMs = options.store?.historyRetentionMs
    const table = tableStore(store, historyRetentionMs)
    const rows = new StoredRows(storedValues(table))
    const node = new GraphNode({
      name,
      versioned: historyRetentionMs !== undefined,
      write: (physical, parents) => physical.add({
        kind: 'processor', name, parents, stores: [storeOf(table)], wire: erase(wire({ store: table, caching: store.caching }, () => rows.sendsOldValues))
      })
    })
    graph.add(this.#repartition, node)
    return new Table<K, A>({ graph, node, name, key: store.key, value: store.value, rows })
  }
}
