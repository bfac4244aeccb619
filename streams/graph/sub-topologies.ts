import type { Store } from '../stores/store.ts'
import { copartitioned } from './copartitioned.ts'
import type { Node } from './node.ts'
import { retryTopicsOf } from './retry-topics.ts'
import type { TopicPattern } from './topic-pattern.ts'

/** A part of the graph that shares neither nodes nor stores with the rest, and so runs by itself: one task per partition. */
export interface SubTopology {
  /** Stable while the graph grows: the first source's given name, else its first topic or its pattern. Positions are kept under it. */
  readonly name: string
  /** Kafka Streams' number, in order of definition; for drawings only. */
  readonly id: number
  readonly nodes: readonly Node[]
  /** What it reads: by name, and what was found by pattern as far as that was asked for. */
  readonly topics: readonly string[]
  /** What it reads beside them: all that match. */
  readonly patterns: readonly TopicPattern[]
  /** Lists of topics that need the same number of partitions, see `copartitioned`. Others may differ: there are as many tasks as the largest topic has partitions. */
  readonly copartitioned: readonly (readonly string[])[]
  /** Those of its topics in which records wait to be tried again: with a partition for every task. */
  readonly retryTopics: readonly string[]
  readonly stores: readonly Store[]
}

/** In a combination the topology's name stands before it. */
const NUMBERED_SOURCE = /(?:^|-)K(?:STREAM|TABLE)-SOURCE-\d{10}$/

/** `globals`: how many nodes stand before each global table, which Kafka Streams numbers among the sub-topologies. */
export function divide (nodes: readonly Node[], globals: readonly number[] = []): SubTopology[] {
  return connect(nodes).map((members, index) => {
    const id = index + globals.filter(at => at <= (members[0]?.index ?? 0)).length
    const sources = members.filter(({ kind }) => kind === 'source')
    const topics = sources.flatMap(source => source.topics.map(({ name }) => name))
    const patterns = sources.flatMap(({ pattern }) => pattern ?? [])
    const first = sources[0]
    const name = first === undefined || NUMBERED_SOURCE.test(first.name) ? first?.topics[0]?.name ?? first?.pattern?.pattern ?? String(id) : first.name
    return {
      name,
      id,
      nodes: members,
      topics,
      patterns,
      copartitioned: copartitioned(members).map(group => group.flatMap(({ topics }) => topics.map(({ name }) => name))),
      retryTopics: [...retryTopicsOf(members)].map(({ name }) => name),
      stores: [...new Set(members.flatMap(({ stores }) => stores))]
    }
  })
}

/** Groups of nodes that hang together by edges or by stores, in order of their first node. */
function connect (nodes: readonly Node[]): Node[][] {
  const leaders = nodes.map(({ index }) => index)
  const find = (index: number): number => {
    const leader = leaders[index] ?? index
    return leader === index ? index : find(leader)
  }
  const unite = (a: number, b: number): void => {
    const [low, high] = [find(a), find(b)].sort((x, y) => x - y)
    if (low !== undefined && high !== undefined) leaders[high] = low
  }
  const holders = new Map<Store, number>()
  for (const node of nodes) {
    for (const parent of node.parents) unite(parent.index, node.index)
    for (const store of node.stores) unite(holders.get(store) ?? node.index, node.index)
    for (const store of node.stores) holders.set(store, node.index)
  }
  return [...Map.groupBy(nodes, ({ index }) => find(index)).values()]
}
