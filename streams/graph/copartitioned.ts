import type { Store } from '../stores/store.ts'
import type { Node } from './node.ts'
import { retryTopicsOf } from './retry-topics.ts'

/**
 * Sources of a sub-topology whose topics need the same number of partitions, in lists that have none in common. Records of one key have to
 * meet where nodes with different sources have a store in common (joins, cogroups, processors that share one) and where a stream is joined
 * with itself. Stricter than Kafka Streams, so do all sources of one topic, as those that are merged; a source of several asks it of none by itself.
 * Retry topics are in no list.
 */
export function copartitioned (nodes: readonly Node[]): Node[][] {
  const retries = retryTopicsOf(nodes)
  const isRetry = ({ topic }: Node): boolean => topic !== undefined && retries.has(topic)
  const groups = [new Set(nodes.filter(({ kind, topics }) => kind === 'source' && topics.length === 1)), ...meetingInStores(nodes)]
  let apart: Set<Node>[] = []
  for (const group of groups) {
    const touched = apart.filter(each => !each.isDisjointFrom(group))
    apart = [...apart.filter(each => !touched.includes(each)), touched.reduce((one, other) => one.union(other), group)]
  }
  return apart.map(group => nodes.filter(node => group.has(node) && !isRetry(node))).filter(({ length }) => length > 0)
}

function meetingInStores (nodes: readonly Node[]): Set<Node>[] {
  const before = new Map<Node, ReadonlySet<Node>>()
  const users = new Map<Store, Node[]>()
  for (const node of nodes) {
    before.set(node, node.kind === 'source' ? new Set([node]) : new Set(node.parents.flatMap(parent => [...before.get(parent) ?? []])))
    for (const store of node.stores) users.set(store, [...users.get(store) ?? [], node])
  }
  return [...users].flatMap(([store, sharing]) => {
    const sources = sharing.map(node => before.get(node) ?? new Set<Node>())
    const all = new Set(sources.flatMap(each => [...each]))
    return sources.some(({ size }) => size < all.size) || isOfJoin(store) ? [all] : []
  })
}

function isOfJoin (store: Store): boolean {
  return store.kind === 'ordered' && store.contents?.shape === 'join-window'
}
