import { openJoinWindow, type JoinBounds, type JoinWindow } from '../../stores/join-window.ts'
import type { StreamRecord } from '../record.ts'
import type { Wire } from '../wire.ts'

export interface StreamSelfJoin<K, V, Out> {
  readonly bounds: JoinBounds
  readonly joiner: (left: V, right: V, key: K) => Out
  readonly window: JoinWindow<K, V>
}

/** An inner join of a stream with itself, over one store: gives what the two nodes of a join would give, in their order. */
export function streamSelfJoin<K, V, Out> ({ bounds: { beforeMs, afterMs }, joiner, window }: StreamSelfJoin<K, V, Out>): Wire<K | null, V | null, K, Out> {
  return (execution, node, forward) => {
    const others = openJoinWindow(execution, window)
    const streamTime = execution.time(`${window.ordered.name}:self-time`)

    const process = ({ key, value, timestamp, headers }: StreamRecord<K | null, V | null>) => {
      if (value === null) return execution.drop(node, 'null-value')
      if (key === null) return execution.drop(node, 'null-key')
      if (timestamp > streamTime.get()) streamTime.set(timestamp)
      const around = (before: number, after: number) => others.fetch(key, Math.max(0, timestamp - before), Math.max(0, timestamp + after))

      for (const other of around(beforeMs, afterMs)) {
        forward({ key, value: joiner(value, other.value, key), timestamp: Math.max(timestamp, other.timestamp), headers })
      }
      // As a right record it meets itself among the left ones, at its place in time; an expired one is not among them.
      let meetsItself = timestamp > streamTime.get() - window.retentionMs + 1
      const meetItself = () => {
        if (meetsItself) forward({ key, value: joiner(value, value, key), timestamp, headers })
        meetsItself = false
      }
      for (const other of around(afterMs, beforeMs)) {
        if (other.timestamp > timestamp) meetItself()
        forward({ key, value: joiner(other.value, value, key), timestamp: Math.max(timestamp, other.timestamp), headers })
      }
      meetItself()
    }

    return record => {
      const previous = execution.enter(node)
      process(record)
      execution.leave(previous)
    }
  }
}
