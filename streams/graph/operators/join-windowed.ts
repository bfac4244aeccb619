import { openJoinWindow, type JoinWindow } from '../../stores/join-window.ts'
import type { Wire } from '../wire.ts'

/** Keeps one side of a join of streams, for the records of the other side that are still to come. */
export function joinWindowed<K, V> (window: JoinWindow<K, V>): Wire<K | null, V | null, K | null, V | null> {
  return (execution, node, forward) => {
    const kept = openJoinWindow(execution, window)
    return record => {
      const previous = execution.enter(node)
      // Joined before it is kept: where both sides are one stream, a record meets itself once and not twice.
      forward(record)
      if (record.key !== null && record.value !== null && !kept.put(record.key, record.value, record.timestamp)) execution.drop(node, 'expired')
      execution.leave(previous)
    }
  }
}
