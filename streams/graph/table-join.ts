import { GraphNode } from './graph-node.ts'
import { inner } from './inner.ts'
import { tableStore } from './materialize.ts'
import { storeOf, storedValues } from './operators/table-store.ts'
import { tableJoinMerge } from './operators/table-join-merge.ts'
import { joinedValues, joinLeft, joinRight, type JoinKind, type TableTableJoin } from './operators/table-table-join.ts'
import { erase } from './stateless.ts'
import { resolveStore } from './store-options.ts'
import { Table, type TableOptions } from './table.ts'
import type { TableRows } from './table-rows.ts'

/** Two tables of the same keys: a change of either is joined with what the other has now. */
export function addTableJoin<K, L, R, V> (
  left: Table<K, L>, right: Table<K, R>, kind: JoinKind, options: TableOptions<K, NonNullable<V>>, joiner: (left: L | null, right: R | null, key: K) => V | null
): Table<K, NonNullable<V>> {
  const { graph, key } = left[inner]
  const historyRetentionMs = options.store?.historyRetentionMs
  const store = options.store === undefined ? undefined : resolveStore<K, NonNullable<V>>(graph, options.store, 'KTABLE-MERGE-', { key, value: undefined })
  const name = graph.nameOr(options.name, 'KTABLE-MERGE-')
  if (kind !== 'inner') left[inner].rows.sendOldValues(true)
  if (kind === 'outer') right[inner].rows.sendOldValues(true)
  const join: TableTableJoin<K, L, R, NonNullable<V>> = { kind, left: left[inner].rows.getter(), right: right[inner].rows.getter(), joiner: (left, right, key) => joiner(left, right, key) ?? null }
  const thisName = graph.suffixOr(options.name, '-join-this', 'KTABLE-JOINTHIS-')
  const otherName = graph.suffixOr(options.name, '-join-other', 'KTABLE-JOINOTHER-')
  const table = store === undefined ? undefined : tableStore(store, historyRetentionMs)
  const rows = new JoinedRows(left[inner].rows, right[inner].rows, join, table && storedValues(table))
  const versioned = { left: false, right: false }
  const node = new GraphNode({
    name,
    versioned: historyRetentionMs !== undefined,
    useVersions (parent) {
      if (parent === left[inner].node) versioned.left = true
      if (parent === right[inner].node) versioned.right = true
    },
    write (physical) {
      const sendsOldValues = (): boolean => rows.sendsOldValues
      physical.add({ kind: 'processor', name: thisName, parents: [left[inner].name], wire: erase(joinLeft(join, { sendsOldValues, versionedInput: versioned.left })) })
      physical.add({ kind: 'processor', name: otherName, parents: [right[inner].name], wire: erase(joinRight(join, { sendsOldValues, versionedInput: versioned.right })) })
      physical.add({ kind: 'merge', name, parents: [thisName, otherName], wire: erase(tableJoinMerge({ materialization: table && { store: table, caching: store?.caching ?? true }, sendsOldValues })) })
      for (const each of join.right.stores) physical.connect(each, [thisName])
      for (const each of join.left.stores) physical.connect(each, [otherName])
      if (table !== undefined) physical.connect(storeOf(table), [name])
    }
  })
  graph.add(left[inner].node, node)
  graph.add(right[inner].node, node)
  return new Table<K, NonNullable<V>>({ graph, node, name, key: store?.key ?? key, value: store?.value, rows, historyRetentionMs })
}

/** Old values of a join come from those of both sides. */
class JoinedRows<K, L, R, V> implements TableRows<K, V> {
  sendsOldValues = false
  readonly #left: TableRows<K, L>
  readonly #right: TableRows<K, R>
  readonly #join: TableTableJoin<K, L, R, V>
  readonly #own: ReturnType<TableRows<K, V>['getter']> | undefined

  constructor (left: TableRows<K, L>, right: TableRows<K, R>, join: TableTableJoin<K, L, R, V>, own: ReturnType<TableRows<K, V>['getter']> | undefined) {
    this.#left = left
    this.#right = right
    this.#join = join
    this.#own = own
  }

  get stores (): TableRows<K, V>['stores'] {
    return this.#own?.stores ?? []
  }

  getter (): ReturnType<TableRows<K, V>['getter']> {
    return this.#own ?? joinedValues(this.#join)
  }

  sendOldValues (): boolean {
    this.#left.sendOldValues(true)
    this.#right.sendOldValues(true)
    this.sendsOldValues = true
    return true
  }
}
