import type { GraphNode } from './graph-node.ts'
import { inner } from './inner.ts'
import type { LogicalGraph } from './logical-graph.ts'
import { joinWindowed } from './operators/join-windowed.ts'
import { passOn } from './operators/stateless.ts'
import { streamSelfJoin } from './operators/stream-self-join.ts'
import { joinOther, joinThis, type StreamJoiner, type StreamStreamJoin } from './operators/stream-stream-join.ts'
import { newRepartition } from './repartition.ts'
import type { RepartitionNode } from './repartition-node.ts'
import type { Serde } from '../serdes/serde.ts'
import { erase, singleNode } from './stateless.ts'
import { keySerde, valueSerde } from './store-options.ts'
import { StreamJoinNode } from './stream-join-node.ts'
import { Stream, type Naming } from './stream.ts'
import { defineJoinWindow } from '../stores/join-window.ts'
import { defineUnmatched } from '../stores/unmatched.ts'
import type { JoinWindows } from '../windows/join-windows.ts'

export interface StreamJoinOptions<K, L, R> extends Naming {
  /** How far apart two records may be. */
  readonly windows: JoinWindows
  /** Left out: as the left stream's. */
  readonly key?: Serde<NonNullable<K>>
  readonly leftValue?: Serde<NonNullable<L>>
  readonly rightValue?: Serde<NonNullable<R>>
  /** What the tables of the join begin with; left out: numbered ones. */
  readonly storeName?: string
}

interface JoinKind {
  readonly leftOuter: boolean
  readonly rightOuter: boolean
}

/** Both sides are kept for as long as a match may come; each record is joined with those of the other side that came before it. */
export function joinStreams<K, L, R, Out> (
  left: Stream<K, L>, right: Stream<K, R>, joiner: StreamJoiner<NonNullable<K>, NonNullable<L>, NonNullable<R>, Out>, options: StreamJoinOptions<K, L, R>, { leftOuter, rightOuter }: JoinKind
): Stream<K, Out> {
  const { graph } = left[inner]
  const { windows, name: given } = options
  const serdes = {
    key: options.key ?? left[inner].key ?? right[inner].key ?? keySerde<NonNullable<K>>(),
    left: options.leftValue ?? left[inner].value ?? valueSerde<NonNullable<L>>(),
    right: options.rightValue ?? right[inner].value ?? valueSerde<NonNullable<R>>()
  }
  const leftNode = repartitionForJoin(left, given === undefined ? undefined : `${given}-left`, serdes.key, serdes.left)
  const rightNode = repartitionForJoin(right, given === undefined ? undefined : `${given}-right`, serdes.key, serdes.right)
  const thisSuffix = rightOuter ? '-outer-this-join' : '-this-join'
  const otherSuffix = leftOuter ? '-outer-other-join' : '-other-join'
  const thisWindowed = graph.suffixOr(given, '-this-windowed', 'KSTREAM-WINDOWED-')
  const otherWindowed = graph.suffixOr(given, '-other-windowed', 'KSTREAM-WINDOWED-')
  // Numbered also where they have a name: the stores are called so.
  const thisNumbered = graph.newName(rightOuter ? 'KSTREAM-OUTERTHIS-' : 'KSTREAM-JOINTHIS-')
  const otherNumbered = graph.newName(leftOuter ? 'KSTREAM-OUTEROTHER-' : 'KSTREAM-JOINOTHER-')
  const thisName = given === undefined ? thisNumbered : given + thisSuffix
  const otherName = given === undefined ? otherNumbered : given + otherSuffix
  const mergeName = graph.suffixOr(given, '-merge', 'KSTREAM-MERGE-')
  const base = options.storeName
  const storeOf = (numbered: string, suffix: string): string => base === undefined ? `${numbered}-store` : `${base}${suffix}-store`
  const bounds = { beforeMs: windows.beforeMs, afterMs: windows.afterMs, graceMs: windows.graceMs }
  const leftWindow = defineJoinWindow({ name: storeOf(thisNumbered, thisSuffix), key: serdes.key, value: serdes.left, bounds })
  const rightWindow = defineJoinWindow({ name: storeOf(otherNumbered, otherSuffix), key: serdes.key, value: serdes.right, bounds })
  const unmatched = leftOuter
    ? defineUnmatched({ name: unmatchedName(graph, base, thisNumbered, rightOuter), key: serdes.key, left: serdes.left, right: serdes.right })
    : undefined
  const join: StreamStreamJoin<NonNullable<K>, NonNullable<L>, NonNullable<R>, Out> = { bounds, joiner, left: leftWindow, right: rightWindow, unmatched, rightOuter }
  const stores = unmatched === undefined ? [] : [unmatched.ordered]

  graph.add(leftNode, singleNode({ name: thisWindowed, wire: joinWindowed(leftWindow) }))
  graph.add(rightNode, singleNode({ name: otherWindowed, wire: joinWindowed(rightWindow) }))
  const node = new StreamJoinNode({
    name: mergeName,
    otherWindowed,
    allowsNullKeys: leftOuter || rightOuter,
    writeTwoSides (physical) {
      physical.add({ kind: 'processor', name: thisName, parents: [thisWindowed], wire: erase(joinThis(join)) })
      physical.add({ kind: 'processor', name: otherName, parents: [otherWindowed], wire: erase(joinOther(join)) })
      physical.add({ kind: 'merge', name: mergeName, parents: [thisName, otherName], wire: erase(passOn()) })
      physical.connect(leftWindow.ordered, [thisWindowed, otherName])
      physical.connect(rightWindow.ordered, [otherWindowed, thisName])
      for (const store of stores) physical.connect(store, [thisName, otherName])
    },
    writeSelfJoin (physical) {
      // Both sides are one stream, so its values are of both types.
      const selfJoin = streamSelfJoin({ bounds, window: leftWindow, joiner: (mine, other, key) => joiner(mine, other as unknown as NonNullable<R>, key) })
      physical.add({ kind: 'processor', name: mergeName, parents: [thisWindowed], wire: erase(selfJoin) })
      physical.connect(leftWindow.ordered, [thisWindowed, mergeName])
    }
  })
  graph.add([leftNode, rightNode], node)
  return new Stream<K, Out>({ graph, node, name: mergeName, key: options.key, value: undefined, isRekeyed: false })
}

/** A stream that takes part in several joins under its own name is repartitioned once. */
const repartitions = new WeakMap<object, RepartitionNode>()

export function repartitionForJoin<K, V> (stream: Stream<K, V>, given: string | undefined, key: Serde<NonNullable<K>>, value: Serde<NonNullable<V>>): GraphNode {
  const place = stream[inner]
  const { graph, node, name, isRekeyed } = place
  if (!isRekeyed) return node
  // Made, and its numbers used up, also where the one before is taken again.
  const fresh = newRepartition(graph, { prefix: given ?? name, key, value })
  const known = repartitions.get(place)
  if (known !== undefined && given === undefined) return known
  repartitions.set(place, fresh)
  graph.add(node, fresh)
  return fresh
}

function unmatchedName ({ prefix }: LogicalGraph, base: string | undefined, numbered: string, rightOuter: boolean): string {
  if (base !== undefined) return `${base}${rightOuter ? '-outer' : '-left'}-shared-join-store`
  return `${prefix}KSTREAM-OUTERSHARED-${numbered.slice(-10)}-store`
}
