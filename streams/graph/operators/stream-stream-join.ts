import { openJoinWindow, type JoinBounds, type JoinWindow } from '../../stores/join-window.ts'
import type { Unmatched, UnmatchedValues } from '../../stores/unmatched.ts'
import type { Execution } from '../execution.ts'
import type { Node } from '../node.ts'
import type { Forward, StreamRecord } from '../record.ts'
import type { Wire } from '../wire.ts'
import { openWaitingForMatch } from './waiting-for-match.ts'

/** null: that side has no match. Both are there in an inner join. */
export type StreamJoiner<K, L, R, Out> = (left: L | null, right: R | null, key: K | null) => Out

/** A join of two streams, shared by its nodes. */
export interface StreamStreamJoin<K, L, R, Out> {
  readonly bounds: JoinBounds
  readonly joiner: StreamJoiner<K, L, R, Out>
  readonly left: JoinWindow<K, L>
  readonly right: JoinWindow<K, R>
  /** Given in a left and an outer join: what of the left side, or of both, may come out alone. */
  readonly unmatched?: Unmatched<K, L, R> | undefined
  /** True in an outer join. */
  readonly rightOuter?: boolean | undefined
}

/** The node that joins each left record with the right ones that came before it. */
export function joinThis<K, L, R, Out> (join: StreamStreamJoin<K, L, R, Out>): Wire<K | null, L | null, K | null, Out> {
  const { bounds: { beforeMs, afterMs }, joiner, right, unmatched } = join
  return (execution, node, forward) => openSide<K, L, R, L, R, Out>(execution, node, forward, join, {
    other: right,
    otherSide: 'right',
    outer: unmatched !== undefined,
    beforeMs,
    afterMs,
    joiner,
    alone: left => ({ side: 'left', values: [left] })
  })
}

/** The node that joins each right record with the left ones that came before it. */
export function joinOther<K, L, R, Out> (join: StreamStreamJoin<K, L, R, Out>): Wire<K | null, R | null, K | null, Out> {
  const { bounds: { beforeMs, afterMs }, joiner, left, rightOuter = false } = join
  return (execution, node, forward) => openSide<K, L, R, R, L, Out>(execution, node, forward, join, {
    other: left,
    otherSide: 'left',
    outer: rightOuter,
    // The bounds are the left side's view.
    beforeMs: afterMs,
    afterMs: beforeMs,
    joiner: (right, left, key) => joiner(left, right, key),
    alone: right => ({ side: 'right', values: [right] })
  })
}

interface Side<K, L, R, Mine, Other, Out> {
  readonly other: JoinWindow<K, Other>
  readonly otherSide: 'left' | 'right'
  /** Whether a record of this side comes out also without a match. */
  readonly outer: boolean
  readonly beforeMs: number
  readonly afterMs: number
  readonly joiner: (mine: Mine, other: Other | null, key: K | null) => Out
  readonly alone: (mine: Mine) => UnmatchedValues<L, R>
}

function openSide<K, L, R, Mine, Other, Out> (
  execution: Execution, node: Node, forward: Forward<K | null, Out>, join: StreamStreamJoin<K, L, R, Out>, side: Side<K, L, R, Mine, Other, Out>
): Forward<K | null, Mine | null> {
  const { otherSide, outer, beforeMs, afterMs, joiner, alone } = side
  const { unmatched, rightOuter = false } = join
  const others = openJoinWindow(execution, side.other)
  const waiting = unmatched && openWaitingForMatch(execution, forward, { ...join, unmatched, afterMs, bothSides: rightOuter })
  if (waiting !== undefined) {
    execution.whenTimeAdvances(node, timestamp => {
      waiting.advance(timestamp)
      waiting.release({ key: null, value: null, timestamp, headers: [] })
    })
  }

  const process = (record: StreamRecord<K | null, Mine | null>) => {
    const { key, value, timestamp, headers } = record
    waiting?.advance(timestamp)
    if (value === null) return execution.drop(node, 'null-value')
    if (key === null) {
      return outer ? forward({ key, value: joiner(value, null, key), timestamp, headers }) : execution.drop(node, 'null-key')
    }
    waiting?.release(record)

    const to = Math.max(0, timestamp + afterMs)
    const matches = others.fetch(key, Math.max(0, timestamp - beforeMs), to)
    for (const match of matches) {
      waiting?.match(key, match.timestamp, otherSide)
      forward({ key, value: joiner(value, match.value, key), timestamp: Math.max(timestamp, match.timestamp), headers })
    }
    if (matches.length > 0 || !outer || waiting === undefined) return
    // Too late to be matched by what is still to come, so it does not wait.
    if (to < waiting.streamTime()) forward({ key, value: joiner(value, null, key), timestamp, headers })
    else waiting.add(key, timestamp, alone(value))
  }

  return record => {
    const previous = execution.enter(node)
    process(record)
    execution.leave(previous)
  }
}

/** The node in which both halves of a join meet. */
export function joinMerge<K, V> (): Wire<K, V, K, V> {
  return (execution, node, forward) => record => {
    execution.leave(execution.enter(node))
    forward(record)
  }
}
