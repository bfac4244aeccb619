import { TopologyError } from '../errors.ts'
import { GraphNode } from './graph-node.ts'
import { GlobalTable } from './global-table.ts'
import { inner } from './inner.ts'
import { streamTableGraceJoin } from './operators/stream-table-grace-join.ts'
import { streamTableJoin } from './operators/stream-table-join.ts'
import { singleNode } from './stateless.ts'
import { keySerde, valueSerde } from './store-options.ts'
import { joinStreams, repartitionForJoin, type StreamJoinOptions } from './stream-joins.ts'
import { Stream, type KeySerde, type Naming, type ValueSerde } from './stream.ts'
import { Table } from './table.ts'
import { defineGraceBuffer } from '../stores/grace-buffer.ts'

export interface TableJoinOptions<K, V> extends Naming, KeySerde<K>, ValueSerde<V> {
  /** Records wait so long for the rows of their time; the table has to be versioned, with a history at least as long. */
  readonly graceMs?: number
}

export interface GlobalJoinOptions<K, V, K2> extends Naming {
  /** The key of the global table's row; null: there is none, and the record is dropped. */
  readonly keyMapper: (value: NonNullable<V>, key: K) => K2 | null
}

/** The overloads of `join` say which values it is given; here they are all the same. */
export type AnyJoiner<R> = (left: never, right: never, key: never) => R

type Kind = 'inner' | 'left' | 'outer'

export function joinAny<K, V, K2, V2, R> (
  left: Stream<K, V>, other: Stream<K, V2> | Table<NonNullable<K>, V2> | GlobalTable<K2, V2>, joiner: AnyJoiner<R>,
  options: StreamJoinOptions<K, V, V2> | TableJoinOptions<K, V> | GlobalJoinOptions<K, V, K2> | undefined, kind: Kind
): Stream<K, R> {
  // The overloads pair each kind of operand with its joiner and its options.
  if (other instanceof Stream) return joinStreams(left, other, joiner as (left: unknown, right: unknown, key: unknown) => R, options as StreamJoinOptions<K, V, V2>, { leftOuter: kind !== 'inner', rightOuter: kind === 'outer' })
  if (other instanceof Table) return joinTable(left, other, joiner as (left: unknown, right: unknown, key: unknown) => R, options as TableJoinOptions<K, V> | undefined ?? {}, kind)
  return joinGlobalTable(left, other, joiner as (left: unknown, right: unknown, key: unknown) => R, options as GlobalJoinOptions<K, V, K2>, kind)
}

function joinTable<K, V, V2, R> (
  left: Stream<K, V>, table: Table<NonNullable<K>, V2>, joiner: (left: NonNullable<V>, right: V2 | null, key: K | null) => R, options: TableJoinOptions<K, V>, kind: Kind
): Stream<K, R> {
  const { graph } = left[inner]
  const key = options.key ?? left[inner].key ?? table[inner].key as KeySerde<K>['key'] ?? keySerde<NonNullable<K>>()
  const value = options.value ?? left[inner].value ?? valueSerde<NonNullable<V>>()
  const parent = repartitionForJoin(left, options.name, key, value)
  const name = graph.nameOr(options.name, kind === 'left' ? 'KSTREAM-LEFTJOIN-' : 'KSTREAM-JOIN-')
  const rows = table[inner].rows.getter()
  const join = { table: rows, keyOf: (key: NonNullable<K> | null) => key, joiner, left: kind === 'left' }
  const node = options.graceMs === undefined
    ? singleNode({ name, stores: rows.stores, allowsNullKeys: kind === 'left', wire: streamTableJoin<NonNullable<K>, NonNullable<V>, NonNullable<K>, V2, R>(join) })
    : graceNode()
  graph.add(parent, node)
  return new Stream<K, R>({ graph, node, name, key, value: undefined, isRekeyed: false })

  function graceNode (): GraphNode {
    const graceMs = options.graceMs ?? 0
    const { historyRetentionMs } = table[inner]
    if (historyRetentionMs === undefined) throw new TopologyError(`Topology '${graph.topology}' joins '${table[inner].name}' with a grace period; the table has to be versioned for that: give its store a historyRetentionMs.`)
    if (historyRetentionMs < graceMs) throw new TopologyError(`Topology '${graph.topology}' joins '${table[inner].name}' with a grace period of ${graceMs} ms, and the table's history is only ${historyRetentionMs} ms; make it at least as long.`)
    const buffer = defineGraceBuffer<NonNullable<K>, NonNullable<V>>({ name: `${name}-Buffer`, key, value })
    graph.skipPriority()
    return singleNode({
      name, stores: [buffer.ordered, ...rows.stores], allowsNullKeys: kind === 'left', wire: streamTableGraceJoin<NonNullable<K>, NonNullable<V>, NonNullable<K>, V2, R>({ ...join, graceMs, buffer })
    })
  }
}

function joinGlobalTable<K, V, K2, V2, R> (
  left: Stream<K, V>, global: GlobalTable<K2, V2>, joiner: (left: NonNullable<V>, right: V2 | null, key: K) => R, { name: given, keyMapper }: GlobalJoinOptions<K, V, K2>, kind: Kind
): Stream<K, R> {
  const { graph, node: parent } = left[inner]
  const name = graph.nameOr(given, 'KSTREAM-LEFTJOIN-')
  graph.globalReaders.push({ node: name, global: global[inner].source.name })
  const node = singleNode({
    name,
    allowsNullKeys: kind === 'left',
    // A key that is null is one of K's.
    wire: streamTableJoin<K, NonNullable<V>, K2, V2, R>({ table: global[inner].getter, keyOf: (key, value) => keyMapper(value, key as K), joiner: (value, row, key) => joiner(value, row, key as K), left: kind === 'left' })
  })
  graph.add(parent, node)
  return new Stream<K, R>({ ...left[inner], node, name, value: undefined })
}
