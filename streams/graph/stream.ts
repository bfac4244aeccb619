import type { Static, TSchema } from 'typebox'
import type { AsyncProcessor } from './async-processor.ts'
import type { AnyAsyncProcessor } from './calls.ts'
import { contractOf, isContract, type Contract, type Rejected, type WithoutRejects } from './contract.ts'
import type { GlobalTable } from './global-table.ts'
import { GraphNode } from './graph-node.ts'
import { GroupedStream } from './grouped-stream.ts'
import { inner, type Place } from './inner.ts'
import type { LogicalGraph } from './logical-graph.ts'
import type { NodeKind } from './node.ts'
import { asyncProcessor } from './operators/async-processor.ts'
import { branch, type BranchCase } from './operators/branch.ts'
import { processor, valueProcessor } from './operators/processor.ts'
import { deadLetterSink, sinkAmong, sinkBy } from './operators/repartition.ts'
import { filter, flatMap, flatMapValues, map, mapValues, passOn, peek, selectKey } from './operators/stateless.ts'
import { validate } from './operators/validate.ts'
import { tablesOf, type Processor, type StoreRoles } from './processor.ts'
import type { StreamRecord } from './record.ts'
import { addRepartition, type UnfinishedRepartition } from './repartition.ts'
import { addRows } from './source-table.ts'
import { erase, singleNode } from './stateless.ts'
import { keySerde, resolveStore, valueSerde, type TableStoreOptions } from './store-options.ts'
import { joinAny, type AnyJoiner, type GlobalJoinOptions, type TableJoinOptions } from './stream-join.ts'
import type { StreamJoinOptions } from './stream-joins.ts'
import type { Table } from './table.ts'
import type { SinkTopic } from './topic.ts'
import type { ValueProcessor } from './value-processor.ts'
import type { RoutingWire, Wire } from './wire.ts'
import type { Serde } from '../serdes/serde.ts'

export interface Naming {
  /** The node's label in drawings, logs and metrics; left out: Kafka Streams' numbered name. */
  readonly name?: string
}

/** How the keys of a stream are written where they have to be: in repartition topics and stores. Left out where keys are text. */
export interface KeySerde<K> {
  readonly key?: Serde<NonNullable<K>>
}

export interface ValueSerde<V> {
  readonly value?: Serde<NonNullable<V>>
}

export interface StreamPlace<K, V> extends Place<NonNullable<K>, NonNullable<V>> {
  /** The key was changed: who needs records of one key together has to repartition first. */
  readonly isRekeyed: boolean
}

/**
 * Records of one type on their way from node to node. Operators have Kafka Streams' names and meanings. Functions are given
 * the value first and the key behind it; they may be called again for the same record, and take time from the record, never from the clock.
 */
export class Stream<K, V> {
  readonly [inner]: StreamPlace<K, V>

  constructor (place: StreamPlace<K, V>) {
    this[inner] = place
  }

  /** Checks each value; what is refused goes on as `Rejected`, so that a branch can route it. */
  validate<T> (contract: Contract<T>, naming?: Naming): Stream<K, T | Rejected>
  validate<S extends TSchema> (schema: S, naming?: Naming): Stream<K, Static<S> | Rejected>
  validate<T> (check: Contract<T> | TSchema, naming?: Naming): Stream<K, unknown> {
    const contract: Contract<unknown> = isContract(check) ? check : contractOf(check, 'schema')
    return this.#derive({ kind: 'validate', prefix: 'VALIDATE-', naming, changesValue: true, wire: validate(contract), contract })
  }

  filter<T extends V> (predicate: (value: V, key: K) => value is T, naming?: Naming): Stream<K, T>
  filter (predicate: (value: V, key: K) => boolean, naming?: Naming): Stream<K, V>
  filter (predicate: (value: V, key: K) => boolean, naming?: Naming): Stream<K, V> {
    return this.#derive({ kind: 'filter', prefix: 'KSTREAM-FILTER-', naming, wire: filter(predicate), value: this[inner].value })
  }

  filterNot (predicate: (value: V, key: K) => boolean, naming?: Naming): Stream<K, V> {
    return this.#derive({ kind: 'filter', prefix: 'KSTREAM-FILTER-', naming, wire: filter<K, V>((value, key) => !predicate(value, key)), value: this[inner].value })
  }

  mapValues<T> (mapper: (value: V, key: K) => T, { name, value }: Naming & ValueSerde<T> = {}): Stream<K, T> {
    return this.#derive({ kind: 'map-values', prefix: 'KSTREAM-MAPVALUES-', naming: { name }, changesValue: true, wire: mapValues(mapper), value })
  }

  flatMapValues<T> (mapper: (value: V, key: K) => Iterable<T>, { name, value }: Naming & ValueSerde<T> = {}): Stream<K, T> {
    return this.#derive({ prefix: 'KSTREAM-FLATMAPVALUES-', naming: { name }, changesValue: true, wire: flatMapValues(mapper), value })
  }

  /** May change the key, so what is grouped or joined behind it is repartitioned first. */
  map<K2, V2> (mapper: (value: V, key: K) => readonly [K2, V2], { name, key, value }: Naming & KeySerde<K2> & ValueSerde<V2> = {}): Stream<K2, V2> {
    return this.#rekey('KSTREAM-MAP-', { name }, map(mapper), { key, value })
  }

  flatMap<K2, V2> (mapper: (value: V, key: K) => Iterable<readonly [K2, V2]>, { name, key, value }: Naming & KeySerde<K2> & ValueSerde<V2> = {}): Stream<K2, V2> {
    return this.#rekey('KSTREAM-FLATMAP-', { name }, flatMap(mapper), { key, value })
  }

  selectKey<K2> (mapper: (value: V, key: K) => K2, { name, key }: Naming & KeySerde<K2> = {}): Stream<K2, V> {
    return this.#rekey('KSTREAM-KEY-SELECT-', { name }, selectKey(mapper), { key, value: this[inner].value })
  }

  /** Looks at each record once, when its unit closes: a record that is run again is still seen once. */
  peek (look: (record: StreamRecord<K, V>) => void, naming?: Naming): Stream<K, V> {
    return this.#derive({ kind: 'peek', prefix: 'KSTREAM-PEEK-', naming, wire: peek(look), value: this[inner].value })
  }

  /** As `peek`, and the record's way ends here. */
  foreach (look: (record: StreamRecord<K, V>) => void, naming?: Naming): void {
    this.#derive({ kind: 'peek', prefix: 'KSTREAM-FOREACH-', naming, wire: peek(look) })
  }

  /** Writes key and value to the standard output, once per record. */
  print (options: Naming & { readonly label?: string } = {}): void {
    const label = options.label ?? this[inner].name
    this.#derive({ kind: 'peek', prefix: 'KSTREAM-PRINTER-', naming: options, wire: peek<K, V>(({ key, value }) => console.log(`[${label}]: ${String(key)}, ${typeof value === 'string' ? value : JSON.stringify(value)}`)) })
  }

  /** Interleaves two streams; no order is promised between them. */
  merge<K2 extends NonNullable<K> | null, V2> (other: Stream<K2, V2>, naming?: Naming): Stream<K | K2, V | V2>
  merge<V2> (other: Stream<K, V2>, naming?: Naming): Stream<K, V | V2> {
    const { graph, node, key, isRekeyed } = this[inner]
    const name = graph.nameOr(naming?.name, 'KSTREAM-MERGE-')
    const merged = singleNode({ name, kind: 'merge', isMerge: true, wire: passOn<K, V | V2>() })
    graph.add([node, other[inner].node], merged)
    return new Stream<K, V | V2>({ graph, node: merged, name, key: sameSerde(key, other[inner].key), value: undefined, isRekeyed: isRekeyed || other[inner].isRekeyed })
  }

  /** Sends each record down the first branch whose guard accepts its value. One that none accepts is dropped, and counted. */
  branch<B extends Readonly<Record<string, V>>> (
    guards: { readonly [N in keyof B]: (value: V) => value is B[N] }, naming?: Naming
  ): { readonly [N in keyof B]: Stream<K, B[N]> } {
    const { graph, node } = this[inner]
    const name = graph.nameOr(naming?.name, 'KSTREAM-BRANCH-')
    const cases: BranchCase<V>[] = []
    const parent = singleNode<K, V, K, V>({ name, kind: 'branch', wire: branch(cases) })
    graph.add(node, parent)
    const branches: Partial<{ [N in keyof B]: Stream<K, B[N]> }> = {}
    for (const branchName in guards) {
      // A number is used up for each, as in Kafka Streams.
      graph.newName('KSTREAM-BRANCHCHILD-')
      const child = graph.check(`${name}-${branchName}`)
      cases.push({ child, accepts: guards[branchName] })
      const branchNode = singleNode({ name: child, kind: 'branch-case' })
      graph.add(parent, branchNode)
      branches[branchName] = this.#narrowed<B[typeof branchName]>(branchNode)
    }
    // Every guard's name was given a stream in the loop above; the compiler cannot see that a loop is complete.
    return branches as { readonly [N in keyof B]: Stream<K, B[N]> }
  }

  /**
   * A node of one's own. It may change the key, so what is grouped or joined behind it is repartitioned first; say with `key` how keys of another
   * type are written. Where the key stays use `processValues`.
   */
  process<In, Out, S extends StoreRoles, K2 = K> (
    given: Processor<In, Out, S> & ([V] extends [In] ? unknown : { readonly accepts: In }), { key, value }: KeySerde<K2> & ValueSerde<Out> = {}
  ): Stream<K2, Out> {
    // The constraint on the argument says that V is an In; a conditional type cannot be used to convert. Without another serde what is forwarded has keys of the type that came.
    const inherited = this[inner].key as Serde<NonNullable<K2>> | undefined
    const { graph, node } = this[inner]
    const name = graph.check(given.name)
    const wire = processor(given) as RoutingWire<K, V, K2, Out>
    const processed = singleNode({ name, wire, stores: tablesOf(given.stores), actsByTime: given.punctuate.length > 0, changesKey: true })
    graph.add(node, processed)
    return new Stream<K2, Out>({ graph, node: processed, name, key: key ?? inherited, value, isRekeyed: true })
  }

  /** As `process`, by a node that cannot change the key: nothing is repartitioned for it. */
  processValues<In, Out, S extends StoreRoles> (given: ValueProcessor<In, Out, S> & ([V] extends [In] ? unknown : { readonly accepts: In }), { value }: ValueSerde<Out> = {}): Stream<K, Out> {
    const { graph, node } = this[inner]
    const name = graph.check(given.name)
    // As in `process`; the wire hands on under the key that came.
    const wire = valueProcessor(given) as RoutingWire<K, V, K, Out>
    const processed = singleNode({ name, wire, stores: tablesOf(given.stores), changesValue: true })
    graph.add(node, processed)
    return new Stream<K, Out>({ ...this[inner], node: processed, name, value })
  }

  /**
   * By a node that waits for something outside, with bounded concurrency, retries and a circuit breaker. It begins a sub-topology: where something
   * stateful stands before it, records go through a topic of the application's own, `<application id>-<name>-async`.
   */
  processAsync<In, Out, B extends Rejected = Rejected> (this: WithoutRejects<V, B>, given: AsyncProcessor<In, Out> & ([V] extends [In] ? unknown : { readonly accepts: In }), options?: KeySerde<K> & ValueSerde<V>): Stream<K, Out>
  processAsync<In, Out> (given: AsyncProcessor<In, Out>, options: KeySerde<K> & ValueSerde<V> = {}): Stream<K, Out> {
    const { graph, node, key, value } = this[inner]
    const name = graph.check(given.name)
    // As in `process`; of the graph's own nodes none looks at what a value is.
    const calls = { processor: given as unknown as AnyAsyncProcessor, retryTopics: [], key: (options.key ?? key ?? keySerde()) as Serde<unknown>, value: (options.value ?? value ?? valueSerde()) as Serde<unknown> }
    const processed = new GraphNode({
      name, changesValue: true, write: (physical, parents) => physical.add({ kind: 'async-processor', name, parents, calls, wire: erase(asyncProcessor(given)) })
    })
    graph.add(node, processed)
    return new Stream<K, Out>({ ...this[inner], node: processed, name, value: undefined })
  }

  /** Through a topic of the application's own, `<application id>-<name>-repartition`: records of one key meet in one task again, whoever wrote them. */
  repartition<B extends Rejected = Rejected> (this: WithoutRejects<V, B>, options?: StreamRepartitionOptions<K, V>): Stream<K, V>
  repartition (options: StreamRepartitionOptions<K, V> = {}): Stream<K, V> {
    const { graph, node, key, value } = this[inner]
    const prefix = options.name ?? graph.newName('KSTREAM-REPARTITION-')
    return this.#repartitioned(graph, node, { prefix, key: options.key ?? key, value: options.value ?? value, partitions: options.partitions, partitioner: options.partitioner, isExplicit: true })
  }

  /**
   * Writes to a topic. Delivered twice: at least once per record; the `millrace-source` header is stable, so that a reader can tell.
   *
   * With a `format` it is a place for dead letters: what a validation refused, and also every record from the same sources
   * that a node or a store fails on. `raw` keeps the source's bytes and says why in headers, `envelope` wraps them in JSON too.
   */
  to (topic: SinkTopic<NonNullable<K>, V>, options?: Naming & ChoosesPartition<K, V> & { readonly format?: DeadLetterFormat }): void
  /** To one of the declared topics, which are all made where they are missing; another one is an error of the record. */
  to<T extends SinkTopic<NonNullable<K>, V>> (choose: (record: StreamRecord<K, V>) => T, options: Naming & ChoosesPartition<K, V> & { readonly topics: readonly T[] }): void
  to (
    target: SinkTopic<NonNullable<K>, V> | ((record: StreamRecord<K, V>) => SinkTopic<NonNullable<K>, V>),
    { name: given, format, partitioner, topics = [] }: Naming & ChoosesPartition<K, V> & { readonly format?: DeadLetterFormat, readonly topics?: readonly SinkTopic<NonNullable<K>, V>[] } = {}
  ): void {
    const { graph, node } = this[inner]
    const name = graph.nameOr(given, 'KSTREAM-SINK-')
    graph.add(node, new GraphNode({
      name,
      write: (physical, parents) => {
        if (typeof target === 'function') physical.add({ kind: 'sink', name, parents, choice: { chooser: target.name || 'anonymous', topics }, wire: sinkAmong(target, topics, partitioner) })
        else if (format === undefined) physical.add({ kind: 'sink', name, parents, topic: target, wire: sinkBy(partitioner) })
        else physical.addDeadLetterSink({ kind: 'dead-letter-sink', name, parents, topic: target, wire: deadLetterSink }, format)
      }
    }))
  }

  /** Groups by the key that the records have. */
  groupByKey<B extends Rejected = Rejected> (this: WithoutRejects<V, B>, options?: Naming & KeySerde<K> & ValueSerde<V>): GroupedStream<NonNullable<K>, V>
  groupByKey (options: Naming & KeySerde<K> & ValueSerde<V> = {}): GroupedStream<NonNullable<K>, V> {
    const { graph, node, name, key, value, isRekeyed } = this[inner]
    return new GroupedStream<NonNullable<K>, V>({ graph, node, name, key: options.key ?? key, value: options.value ?? value, isRekeyed, repartitionName: options.name })
  }

  /** Groups by another key; the records are repartitioned by it. */
  groupBy<K2, B extends Rejected = Rejected> (this: WithoutRejects<V, B>, mapper: (value: V, key: K) => K2, options?: Naming & KeySerde<K2> & ValueSerde<V>): GroupedStream<NonNullable<K2>, V>
  groupBy<K2> (mapper: (value: V, key: K) => K2, options: Naming & KeySerde<K2> & ValueSerde<V> = {}): GroupedStream<NonNullable<K2>, V> {
    const { graph, node, value } = this[inner]
    const name = graph.nameOr(options.name, 'KSTREAM-KEY-SELECT-')
    const selected = singleNode({ name, wire: selectKey(mapper), changesKey: true })
    graph.add(node, selected)
    return new GroupedStream<NonNullable<K2>, V>({ graph, node: selected, name, key: options.key, value: options.value ?? value, isRekeyed: true, repartitionName: options.name })
  }

  /** The stream read as the changes of a table: the last value of a key is its row, null deletes it. */
  toTable<B extends Rejected = Rejected> (this: WithoutRejects<V, B>, options?: Naming & { readonly store?: TableStoreOptions<NonNullable<K>, NonNullable<V>> }): Table<NonNullable<K>, NonNullable<V>>
  toTable (options: Naming & { readonly store?: TableStoreOptions<NonNullable<K>, NonNullable<V>> } = {}): Table<NonNullable<K>, NonNullable<V>> {
    const { graph, node, key, value, isRekeyed } = this[inner]
    const name = graph.nameOr(options.name, 'KSTREAM-TOTABLE-')
    const store = resolveStore<NonNullable<K>, NonNullable<V>>(graph, options.store, 'KSTREAM-TOTABLE-', { key, value })
    const parent = isRekeyed ? addRepartition(graph, node, { ...store, prefix: name }) : node
    return addRows(graph, parent, { name, store, historyRetentionMs: options.store?.historyRetentionMs })
  }

  /** Each pair of records of one key that are no further apart than the windows say. */
  join<K2 extends NonNullable<K> | null, V2, R, B extends Rejected = Rejected> (this: WithoutRejects<V, B>, other: Stream<K2, V2>, joiner: (left: NonNullable<V>, right: NonNullable<V2>, key: NonNullable<K>) => R, options: StreamJoinOptions<K, V, V2>): Stream<K, R>
  /** Each record with the table's row of now; with a versioned table, of the record's time. */
  join<V2, R, B extends Rejected = Rejected> (this: WithoutRejects<V, B>, other: Table<NonNullable<K>, V2>, joiner: (left: NonNullable<V>, right: V2, key: NonNullable<K>) => R, options?: TableJoinOptions<K, V>): Stream<K, R>
  /** Each record with a row of the global table, by a key made of the record. */
  join<K2, V2, R, B extends Rejected = Rejected> (this: WithoutRejects<V, B>, other: GlobalTable<K2, V2>, joiner: (left: NonNullable<V>, right: V2, key: K) => R, options: GlobalJoinOptions<K, V, K2>): Stream<K, R>
  join<K2, V2, R> (
    other: Stream<K, V2> | Table<NonNullable<K>, V2> | GlobalTable<K2, V2>, joiner: AnyJoiner<R>, options?: StreamJoinOptions<K, V, V2> | TableJoinOptions<K, V> | GlobalJoinOptions<K, V, K2>
  ): Stream<K, R> {
    return joinAny(this, other, joiner, options, 'inner')
  }

  /** As `join`; a record without a match comes out too, with null beside it: of two streams when no match can come any more. */
  leftJoin<K2 extends NonNullable<K> | null, V2, R, B extends Rejected = Rejected> (this: WithoutRejects<V, B>, other: Stream<K2, V2>, joiner: (left: NonNullable<V>, right: NonNullable<V2> | null, key: K) => R, options: StreamJoinOptions<K, V, V2>): Stream<K, R>
  leftJoin<V2, R, B extends Rejected = Rejected> (this: WithoutRejects<V, B>, other: Table<NonNullable<K>, V2>, joiner: (left: NonNullable<V>, right: V2 | null, key: K) => R, options?: TableJoinOptions<K, V>): Stream<K, R>
  leftJoin<K2, V2, R, B extends Rejected = Rejected> (this: WithoutRejects<V, B>, other: GlobalTable<K2, V2>, joiner: (left: NonNullable<V>, right: V2 | null, key: K) => R, options: GlobalJoinOptions<K, V, K2>): Stream<K, R>
  leftJoin<K2, V2, R> (
    other: Stream<K, V2> | Table<NonNullable<K>, V2> | GlobalTable<K2, V2>, joiner: AnyJoiner<R>, options?: StreamJoinOptions<K, V, V2> | TableJoinOptions<K, V> | GlobalJoinOptions<K, V, K2>
  ): Stream<K, R> {
    return joinAny(this, other, joiner, options, 'left')
  }

  /** As `leftJoin`, for the records of both sides. */
  outerJoin<K2 extends NonNullable<K> | null, V2, R, B extends Rejected = Rejected> (this: WithoutRejects<V, B>, other: Stream<K2, V2>, joiner: (left: NonNullable<V> | null, right: NonNullable<V2> | null, key: K | K2) => R, options: StreamJoinOptions<K, V, V2>): Stream<K | K2, R>
  outerJoin<V2, R> (other: Stream<K, V2>, joiner: AnyJoiner<R>, options: StreamJoinOptions<K, V, V2>): Stream<K, R> {
    return joinAny(this, other, joiner, options, 'outer')
  }

  #repartitioned (graph: LogicalGraph, node: GraphNode, options: UnfinishedRepartition<NonNullable<K>, NonNullable<V>>): Stream<K, V> {
    const repartition = addRepartition(graph, node, options)
    return new Stream<K, V>({ graph, node: repartition, name: repartition.name, key: options.key, value: options.value, isRekeyed: false })
  }

  #narrowed<T extends V> (node: GraphNode): Stream<K, T> {
    // What the guard has accepted was decoded by this serde, and is encoded by it as any other value.
    return new Stream<K, T>({ ...this[inner], node, name: node.name, value: this[inner].value as Serde<NonNullable<T>> | undefined })
  }

  #derive<T> (
    { prefix, naming, kind = 'processor', wire, value, changesValue = false, contract }: {
      readonly prefix: string,
      readonly naming: { readonly name?: string | undefined } | undefined,
      readonly kind?: NodeKind
      readonly wire: Wire<K, V, K, T>,
      readonly value?: Serde<NonNullable<T>> | undefined,
      readonly changesValue?: boolean,
      readonly contract?: Contract<unknown>
    }
  ): Stream<K, T> {
    const { graph, node } = this[inner]
    const name = graph.nameOr(naming?.name, prefix)
    const derived = singleNode({ name, kind, wire, changesValue, contract })
    graph.add(node, derived)
    return new Stream<K, T>({ ...this[inner], node: derived, name, value })
  }

  #rekey<K2, V2> (prefix: string, naming: { readonly name?: string | undefined }, wire: Wire<K, V, K2, V2>, serdes: Pick<StreamPlace<K2, V2>, 'key' | 'value'>): Stream<K2, V2> {
    const { graph, node } = this[inner]
    const name = graph.nameOr(naming.name, prefix)
    const derived = singleNode({ name, wire, changesKey: true })
    graph.add(node, derived)
    return new Stream<K2, V2>({ graph, node: derived, name, ...serdes, isRekeyed: true })
  }
}

export interface ChoosesPartition<K, V> {
  /** The partition of a record, from 0 on, given how many there are; undefined: that of its key. The same record has to come to the same one each time. */
  partitioner? (record: StreamRecord<K, V>, count: number): number | undefined
}

export interface StreamRepartitionOptions<K, V> extends Naming, KeySerde<K>, ValueSerde<V>, ChoosesPartition<K, V> {
  readonly partitions?: number
}

export type DeadLetterFormat = 'raw' | 'envelope'

/** Two streams that are merged are written as both of them were, where that is the same. */
function sameSerde<T> (one: Serde<T> | undefined, other: Serde<T> | undefined): Serde<T> | undefined {
  return one !== undefined && one.name === other?.name ? one : undefined
}
