import { addForeignKeyJoin, type ForeignKeyJoinOptions } from './foreign-key-join.ts'
import { GroupedTable } from './grouped-table.ts'
import { inner, type Place } from './inner.ts'
import { tableStore } from './materialize.ts'
import { filteredValues, tableFilter } from './operators/table-filter.ts'
import { tableGroupBy } from './operators/table-group-by.ts'
import { mappedValues, tableMapValues } from './operators/table-map-values.ts'
import { storedValues } from './operators/table-store.ts'
import { tableToStream } from './operators/table-to-stream.ts'
import { tableTransformValues, transformedValues, Transforming, type ValueTransformer } from './operators/table-transform-values.ts'
import { tablesOf, type StoreRoles } from './processor.ts'
import { GraphNode } from './graph-node.ts'
import { erase, singleNode } from './stateless.ts'
import { keySerde, resolveStore, type ResolvedStore, type TableStoreOptions } from './store-options.ts'
import { Stream, type KeySerde, type Naming, type StreamPlace, type ValueSerde } from './stream.ts'
import { addSuppress, type SuppressOptions } from './suppress.ts'
import { addTableJoin } from './table-join.ts'
import { DerivedRows, type TableRows } from './table-rows.ts'

export interface TablePlace<K, V> extends Place<K, V> {
  readonly rows: TableRows<K, V>
  /** Of a table that keeps versions: how far back it can be asked. */
  readonly historyRetentionMs?: number | undefined
}

export interface TableOptions<K, V> extends Naming {
  /** Where the result is kept; left out: it is computed anew where it is read. */
  readonly store?: TableStoreOptions<K, V>
}

/**
 * The last value of each key. Operators have Kafka Streams' names and meanings; functions are given the value first and the key
 * behind it, and are never asked about a row that is not there.
 */
export class Table<K, V> {
  readonly [inner]: TablePlace<K, V>

  constructor (place: TablePlace<K, V>) {
    this[inner] = place
    place.graph.tables.set(place.name, [])
  }

  /** Rows that do not pass are deleted. */
  filter<T extends V> (predicate: (value: V, key: K) => value is T, options?: TableOptions<K, T>): Table<K, T>
  filter (predicate: (value: V, key: K) => boolean, options?: TableOptions<K, V>): Table<K, V>
  filter (predicate: (value: V, key: K) => boolean, options: TableOptions<K, V> = {}): Table<K, V> {
    const { graph, node: parent, rows: parentRows, key, value } = this[inner]
    const { store, name, versions, historyRetentionMs } = this.#storeAndName(options, 'KTABLE-FILTER-', value)
    const table = store === undefined ? undefined : tableStore(store, historyRetentionMs)
    const rows = new DerivedRows<K, V, V>(parentRows, table && storedValues(table), supplier => filteredValues(supplier, predicate))
    // Old values that are known anyway tell which rows were never there.
    if (table === undefined) rows.sendOldValues(false)
    else if (parentRows.sendOldValues(false)) rows.sendsOldValues = true
    let versionedInput = false
    const node = new GraphNode({
      name,
      ...versions,
      useVersions: () => { versionedInput = true },
      write: (graph, parents) => graph.add({
        kind: 'filter',
        name,
        parents,
        stores: table === undefined ? [] : storedValues(table).stores,
        wire: erase(tableFilter<K, V>({ predicate, materialization: table && { store: table, caching: store?.caching ?? true }, sendsOldValues: () => rows.sendsOldValues, versionedInput }))
      })
    })
    graph.add(parent, node)
    return new Table<K, V>({ graph, node, name, key: store?.key ?? key, value: store?.value ?? value, rows, historyRetentionMs })
  }

  filterNot (predicate: (value: V, key: K) => boolean, options: TableOptions<K, V> = {}): Table<K, V> {
    return this.filter((value: V, key: K) => !predicate(value, key), options)
  }

  mapValues<T> (mapper: (value: V, key: K) => T, options: TableOptions<K, NonNullable<T>> & ValueSerde<T> = {}): Table<K, NonNullable<T>> {
    const { graph, node: parent, rows: parentRows, key } = this[inner]
    const { store, name, versions, historyRetentionMs } = this.#storeAndName<NonNullable<T>>(options, 'KTABLE-MAPVALUES-', options.value)
    const table = store === undefined ? undefined : tableStore(store, historyRetentionMs)
    const orNull = (value: V, key: K): NonNullable<T> | null => mapper(value, key) ?? null
    const rows = new DerivedRows<K, NonNullable<T>, V>(parentRows, table && storedValues(table), supplier => mappedValues(supplier, orNull))
    const node = new GraphNode({
      name,
      ...versions,
      write: (graph, parents) => graph.add({
        kind: 'map-values',
        name,
        parents,
        stores: table === undefined ? [] : storedValues(table).stores,
        wire: erase(tableMapValues<K, V, NonNullable<T>>({ mapper: orNull, materialization: table && { store: table, caching: store?.caching ?? true }, sendsOldValues: () => rows.sendsOldValues }))
      })
    })
    graph.add(parent, node)
    return new Table<K, NonNullable<T>>({ graph, node, name, key: store?.key ?? key, value: store?.value ?? options.value, rows, historyRetentionMs })
  }

  /**
   * As `mapValues`, by a function that may keep something in stores, and is asked about deleted rows, too. A table that is read by others and has no
   * store of its own asks it anew for each row that is read, and for the value that a row had: so a function with stores wants a `store` for its result.
   */
  transformValues<T, const S extends StoreRoles = Readonly<Record<never, never>>> (
    transformer: ValueTransformer<K, V, T, S>, options: TableOptions<K, NonNullable<T>> & ValueSerde<T> & { readonly stores?: S } = {}
  ): Table<K, NonNullable<T>> {
    const { graph, node: parent, rows: parentRows, key } = this[inner]
    const { store, name, versions, historyRetentionMs } = this.#storeAndName<NonNullable<T>>(options, 'KTABLE-TRANSFORMVALUES-', options.value)
    const table = store === undefined ? undefined : tableStore(store, historyRetentionMs)
    // Without stores its type is that of no roles.
    const roles = options.stores ?? {} as S
    const transforming = new Transforming<K, V, NonNullable<T>, S>((value, key, context) => transformer(value, key, context) ?? null, roles)
    const rows = new DerivedRows<K, NonNullable<T>, V>(parentRows, table && storedValues(table), supplier => transformedValues(supplier, transforming))
    const node = new GraphNode({
      name,
      ...versions,
      write: (graph, parents) => graph.add({
        kind: 'processor',
        name,
        parents,
        stores: [...table === undefined ? [] : storedValues(table).stores, ...tablesOf(roles)],
        wire: erase(tableTransformValues<K, V, NonNullable<T>, S>({ transforming, materialization: table && { store: table, caching: store?.caching ?? true }, sendsOldValues: () => rows.sendsOldValues }))
      })
    })
    graph.add(parent, node)
    return new Table<K, NonNullable<T>>({ graph, node, name, key: store?.key ?? key, value: store?.value ?? options.value, rows, historyRetentionMs })
  }

  /** The changes of the rows as records; null where a row was deleted. With a mapper they get other keys. */
  toStream (options?: Naming): Stream<K, V | null>
  toStream<K2> (mapper: (value: V | null, key: K) => K2, options?: Naming & KeySerde<K2>): Stream<K2, V | null>
  toStream<K2> (mapperOrOptions: ((value: V | null, key: K) => K2) | Naming = {}, options: Naming & KeySerde<K2> = {}): Stream<K, V | null> | Stream<K2, V | null> {
    const { graph, node: parent, key, value } = this[inner]
    const mapper = mapperOf(mapperOrOptions)
    const { name: given, key: newKey } = typeof mapperOrOptions === 'function' ? options : { ...mapperOrOptions, key: undefined }
    const name = graph.nameOr(given, 'KTABLE-TOSTREAM-')
    const node = singleNode({ name, wire: tableToStream<K, V>() })
    graph.add(parent, node)
    // No row has a null in it.
    const serdes = { key, value } as Pick<StreamPlace<K, V | null>, 'key' | 'value'>
    const stream = new Stream<K, V | null>({ graph, node, name, ...serdes, isRekeyed: false })
    return mapper === undefined ? stream : stream.selectKey(mapper, newKey === undefined ? {} : { key: newKey })
  }

  /** Rows under another key, and what they count with there: [group, value]. None, or a null in it: the row is in no group. */
  groupBy<K2, V2> (mapper: (value: V, key: K) => readonly [K2, V2] | null, options: Naming & KeySerde<K2> & ValueSerde<V2> = {}): GroupedTable<NonNullable<K2>, NonNullable<V2>> {
    const { graph, node: parent, rows } = this[inner]
    const name = graph.nameOr(options.name, 'KTABLE-SELECT-')
    const key = options.key ?? keySerde<NonNullable<K2>>()
    const pair = (value: V, key: K): readonly [NonNullable<K2> | null, NonNullable<V2> | null] | null => {
      const pair = mapper(value, key)
      return pair === null ? null : [pair[0] ?? null, pair[1] ?? null]
    }
    let versionedInput = false
    const node = new GraphNode({
      name,
      useVersions: () => { versionedInput = true },
      write: (graph, parents) => graph.add({ kind: 'processor', name, parents, wire: erase(tableGroupBy({ mapper: pair, key, versionedInput })) })
    })
    graph.add(parent, node)
    rows.sendOldValues(true)
    return new GroupedTable<NonNullable<K2>, NonNullable<V2>>({ graph, node, name, key, value: options.value, repartitionName: options.name })
  }

  /** Holds changes back: until a window closes and its row is final, or for some time. Only the time of later records lets them go. */
  suppress (options: SuppressOptions<K>): Table<K, V> {
    return addSuppress(this, options)
  }

  /** A row where both tables have one. With `foreignKey` the right table's key is taken from the left row. */
  // The stricter one first: the other one takes these options too, and would leave `foreignKey`'s parameters without a type.
  join<K2, V2, R> (other: Table<K2, V2>, joiner: (left: V, right: V2) => R, options: ForeignKeyJoinOptions<K, V, K2, R>): Table<K, NonNullable<R>>
  join<V2, R> (other: Table<K, V2>, joiner: (left: V, right: V2, key: K) => R, options?: TableOptions<K, NonNullable<R>>): Table<K, NonNullable<R>>
  join<K2, V2, R> (other: Table<K2, V2>, joiner: (left: V, right: V2, key: K) => R, options: TableOptions<K, NonNullable<R>> | ForeignKeyJoinOptions<K, V, K2, R> = {}): Table<K, NonNullable<R>> {
    return addAnyJoin(this, other, 'inner', options, (left, right, key) => left === null || right === null ? null : joiner(left, right, key))
  }

  /** A row where the left table has one; the right side is null where it has none. */
  leftJoin<K2, V2, R> (other: Table<K2, V2>, joiner: (left: V, right: V2 | null) => R, options: ForeignKeyJoinOptions<K, V, K2, R>): Table<K, NonNullable<R>>
  leftJoin<V2, R> (other: Table<K, V2>, joiner: (left: V, right: V2 | null, key: K) => R, options?: TableOptions<K, NonNullable<R>>): Table<K, NonNullable<R>>
  leftJoin<K2, V2, R> (other: Table<K2, V2>, joiner: (left: V, right: V2 | null, key: K) => R, options: TableOptions<K, NonNullable<R>> | ForeignKeyJoinOptions<K, V, K2, R> = {}): Table<K, NonNullable<R>> {
    return addAnyJoin(this, other, 'left', options, (left, right, key) => left === null ? null : joiner(left, right, key))
  }

  /** A row where one of the tables has one. */
  outerJoin<V2, R> (other: Table<K, V2>, joiner: (left: V | null, right: V2 | null, key: K) => R, options: TableOptions<K, NonNullable<R>> = {}): Table<K, NonNullable<R>> {
    return addTableJoin(this, other, 'outer', options, joiner)
  }

  /** Kafka Streams uses up a number where a store is described, also where it has no name and so none is made; with a history one is made in any case. */
  #storeAndName<T> (options: TableOptions<K, T>, prefix: string, value: Place<K, T>['value']): DerivedStore<K, T> {
    const { graph, key, historyRetentionMs: inherited } = this[inner]
    const { store: asked, name } = options
    const isKept = asked?.name !== undefined || asked?.historyRetentionMs !== undefined
    if (asked !== undefined && !isKept) graph.newStoreName(prefix)
    return {
      store: isKept ? resolveStore<K, T>(graph, asked, prefix, { key, value }) : undefined,
      name: graph.nameOr(name, prefix),
      historyRetentionMs: asked === undefined ? inherited : asked.historyRetentionMs,
      versions: asked === undefined ? {} : { versioned: asked.historyRetentionMs !== undefined }
    }
  }
}

interface DerivedStore<K, V> {
  readonly name: string
  readonly store: ResolvedStore<K, V> | undefined
  /** Of its own store, or of the table that it is computed from. */
  readonly historyRetentionMs: number | undefined
  /** Left out: as the table before. */
  readonly versions: { readonly versioned?: boolean }
}

function addAnyJoin<K, V, K2, V2, R> (
  left: Table<K, V>, right: Table<K2, V2>, kind: 'inner' | 'left', options: TableOptions<K, NonNullable<R>> | ForeignKeyJoinOptions<K, V, K2, R>, joiner: (left: V | null, right: V2 | null, key: K) => R | null
): Table<K, NonNullable<R>> {
  if ('foreignKey' in options) return addForeignKeyJoin(left, right, kind, options, joiner as (left: V, right: V2 | null) => R | null)
  // Without a foreign key both tables have the same keys, as the overloads say.
  return addTableJoin(left, right as unknown as Table<K, V2>, kind, options, joiner)
}

function mapperOf<T> (given: T | Naming): T | undefined {
  // Options are no functions, so what is one is the mapper.
  return typeof given === 'function' ? given as T : undefined
}
