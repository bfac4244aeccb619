import type { ChosenPartition } from './execution.ts'
import { GraphNode } from './graph-node.ts'
import { inner } from './inner.ts'
import { addRows } from './source-table.ts'
import { foreignTableJoin } from './operators/foreign-key/foreign-table-join.ts'
import { responseJoin } from './operators/foreign-key/response-join.ts'
import { subscriptionJoin } from './operators/foreign-key/subscription-join.ts'
import { subscriptionReceive } from './operators/foreign-key/subscription-receive.ts'
import { subscriptionSend } from './operators/foreign-key/subscription-send.ts'
import { sink, sinkTo } from './operators/repartition.ts'
import type { StreamRecord } from './record.ts'
import { erase, singleNode } from './stateless.ts'
import { keySerde, resolveStore, valueSerde } from './store-options.ts'
import { Table, type TableOptions } from './table.ts'
import { defineInternalTopic, type Topic } from './topic.ts'
import { hash128 } from '../murmur3.ts'
import { combinedKey, subscriptionResponseWrapper, subscriptionWrapper, type SubscriptionResponseWrapper } from '../serdes/foreign-key.ts'
import type { Serde } from '../serdes/serde.ts'
import { defineOrdered } from '../stores/ordered.ts'

export interface ForeignKeyJoinOptions<K, V, FK, R> extends TableOptions<K, NonNullable<R>> {
  /** The key of the right table's row that a left row refers to; null: to none. */
  readonly foreignKey: (value: V, key: K) => FK | null
  /** How the left table is partitioned, where that is not by its key: the partition of a key, given how many there are; undefined: that of the key. */
  readonly partitioner?: (key: K, count: number) => number | undefined
  /** How the right table is partitioned. */
  readonly otherPartitioner?: (foreignKey: FK, count: number) => number | undefined
}

/**
 * Tables of different keys: each left row refers to a right one. A left row asks the right side through a topic that is
 * partitioned by the foreign key, and is answered through one that is partitioned like itself.
 */
export function addForeignKeyJoin<K, V, FK, VO, R> (
  left: Table<K, V>, right: Table<FK, VO>, kind: 'inner' | 'left', options: ForeignKeyJoinOptions<K, V, FK, R>, joiner: (left: V, right: VO | null) => R | null
): Table<K, NonNullable<R>> {
  const { graph, node: leftNode } = left[inner]
  const { name: given } = options
  right[inner].rows.sendOldValues(true)
  left[inner].rows.sendOldValues(true)
  const serdes = {
    key: left[inner].key ?? keySerde<NonNullable<K>>(),
    value: left[inner].value ?? valueSerde<NonNullable<V>>(),
    foreignKey: right[inner].key ?? keySerde<NonNullable<FK>>(),
    foreignValue: right[inner].value ?? valueSerde<NonNullable<VO>>()
  } as unknown as ForeignKeySerdes<K, V, FK, VO>
  const hash = (value: V): Buffer => hash128(serdes.value.encode(value))
  const combined = combinedKey(serdes.foreignKey, serdes.key)
  const subscription = subscriptionWrapper(serdes.key)

  const requests = defineInternalTopic({
    name: `${graph.suffixOr(given, '-subscription-registration', 'KTABLE-FK-JOIN-SUBSCRIPTION-REGISTRATION-')}-topic`, key: serdes.foreignKey, value: subscription
  })
  const versioned = { left: false, right: false }
  const sendName = graph.suffixOr(given, '-subscription-registration-processor', 'KTABLE-FK-JOIN-SUBSCRIPTION-REGISTRATION-')
  const send = new GraphNode({
    name: sendName,
    useVersions: () => { versioned.left = true },
    write: (physical, parents) => physical.add({
      kind: 'processor', name: sendName, parents, wire: erase(subscriptionSend({ kind, foreignKey: options.foreignKey, foreignKeySerde: serdes.foreignKey, hash, versionedInput: versioned.left }))
    })
  })
  graph.add(leftNode, send)
  const requestSink = topicNode(graph.suffixOr(given, '-subscription-registration-sink', 'KTABLE-SINK-'), 'sink', requests, byKey(options.otherPartitioner))
  graph.add(send, requestSink)
  const requestSource = topicNode(graph.suffixOr(given, '-subscription-registration-source', 'KTABLE-SOURCE-'), 'source', requests)
  graph.add(requestSink, requestSource)

  const store = defineOrdered({ name: graph.suffixOr(given, '-subscription-store', 'KTABLE-FK-JOIN-SUBSCRIPTION-STATE-STORE-'), value: subscription, expires: false, contents: { shape: 'subscriptions', key: serdes.foreignKey, value: subscription } })
  // In Kafka Streams a store by itself is an operator of the graph, and has a place in its order.
  graph.skipPriority()
  const subscriptions = { store, combinedKey: combined }
  const receive = singleNode({ name: graph.suffixOr(given, '-subscription-receive', 'KTABLE-FK-JOIN-SUBSCRIPTION-PROCESSOR-'), stores: [store], wire: subscriptionReceive<FK, K>(subscriptions) })
  graph.add(requestSource, receive)
  const foreignValues = right[inner].rows.getter()
  const answer = singleNode({ name: graph.suffixOr(given, '-subscription-join-foreign', 'KTABLE-FK-JOIN-SUBSCRIPTION-PROCESSOR-'), stores: foreignValues.stores, wire: subscriptionJoin<FK, K, VO>(foreignValues) })
  graph.add(receive, answer)
  const tellName = graph.suffixOr(given, '-foreign-join-subscription', 'KTABLE-FK-JOIN-SUBSCRIPTION-PROCESSOR-')
  const tell = new GraphNode({
    name: tellName,
    useVersions: () => { versioned.right = true },
    write: (physical, parents) => physical.add({
      kind: 'processor', name: tellName, parents, stores: [store], wire: erase(foreignTableJoin<FK, K, VO>({ ...subscriptions, versionedInput: versioned.right }))
    })
  })
  graph.add(right[inner].node, tell)

  const answers = defineInternalTopic({
    name: `${graph.suffixOr(given, '-subscription-response', 'KTABLE-FK-JOIN-SUBSCRIPTION-RESPONSE-')}-topic`, key: serdes.key, value: subscriptionResponseWrapper(serdes.foreignValue)
  })
  const answerSink = topicNode(graph.suffixOr(given, '-subscription-response-sink', 'KTABLE-SINK-'), 'sink', answers, byKey(options.partitioner) ?? primaryPartition)
  graph.add(answer, answerSink)
  graph.add(tell, answerSink)
  const answerSource = topicNode(graph.suffixOr(given, '-subscription-response-source', 'KTABLE-SOURCE-'), 'source', answers)
  graph.add(answerSink, answerSource)
  const rows = left[inner].rows.getter()
  const resolve = singleNode({
    name: graph.suffixOr(given, '-subscription-response-resolver', 'KTABLE-FK-JOIN-SUBSCRIPTION-RESPONSE-RESOLVER-PROCESSOR-'),
    stores: rows.stores,
    wire: responseJoin<K, V, VO, NonNullable<R>>({ kind, left: rows, hash, joiner: (left, right) => joiner(left, right) ?? null })
  })
  graph.add(answerSource, resolve)
  const name = graph.suffixOr(given, '-result', 'KTABLE-FK-JOIN-OUTPUT-')
  const result = resolveStore<K, NonNullable<R>>(graph, options.store, 'KTABLE-FK-JOIN-OUTPUT-', { key: serdes.key, value: undefined })
  return addRows(graph, resolve, { name, store: result, historyRetentionMs: options.store?.historyRetentionMs })
}

interface ForeignKeySerdes<K, V, FK, VO> {
  readonly key: Serde<K>
  readonly value: Serde<V>
  readonly foreignKey: Serde<FK>
  readonly foreignValue: Serde<VO>
}

function topicNode (name: string, kind: 'sink' | 'source', topic: Topic, partitionOf?: PartitionOf): GraphNode {
  return new GraphNode({
    name,
    write: (physical, parents) => physical.add(kind === 'sink' ? { kind, name, parents, topic, wire: partitionOf === undefined ? sink : sinkTo(partitionOf) } : { kind, name, parents: [], topic })
  })
}

type PartitionOf = (record: StreamRecord) => ChosenPartition | undefined

function byKey<K> (partitioner: ((key: K, count: number) => number | undefined) | undefined): PartitionOf | undefined {
  // The topics' keys are those of the tables.
  return partitioner && (({ key }) => count => partitioner(key as K, count))
}

/** An answer goes where the row is that has asked. */
function primaryPartition ({ value }: StreamRecord): number | undefined {
  // Only the nodes above write to this sink, and they write answers.
  return (value as SubscriptionResponseWrapper<unknown>).primaryPartition
}
