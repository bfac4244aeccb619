import type { Execution } from '../execution.ts'
import type { Node } from '../node.ts'
import type { StreamRecord } from '../record.ts'
import type { Wire } from '../wire.ts'

export function filter<K, V> (predicate: (value: V, key: K) => boolean): Wire<K, V, K, V> {
  return (execution, node, forward) => record => {
    const previous = execution.enter(node)
    const passes = predicate(record.value, record.key)
    execution.leave(previous)
    if (passes) forward(record)
  }
}

export function mapValues<K, V, T> (mapper: (value: V, key: K) => T): Wire<K, V, K, T> {
  return (execution, node, forward) => record => {
    const previous = execution.enter(node)
    const value = mapper(record.value, record.key)
    execution.leave(previous)
    forward(withValue(record, value))
  }
}

export function flatMapValues<K, V, T> (mapper: (value: V, key: K) => Iterable<T>): Wire<K, V, K, T> {
  return (execution, node, forward) => record => {
    for (const value of inNode(execution, node, () => [...mapper(record.value, record.key)])) forward(withValue(record, value))
  }
}

export function map<K, V, K2, V2> (mapper: (value: V, key: K) => readonly [K2, V2]): Wire<K, V, K2, V2> {
  return (execution, node, forward) => record => {
    const previous = execution.enter(node)
    const [key, value] = mapper(record.value, record.key)
    execution.leave(previous)
    forward({ key, value, timestamp: record.timestamp, headers: record.headers })
  }
}

export function flatMap<K, V, K2, V2> (mapper: (value: V, key: K) => Iterable<readonly [K2, V2]>): Wire<K, V, K2, V2> {
  return (execution, node, forward) => record => {
    for (const [key, value] of inNode(execution, node, () => [...mapper(record.value, record.key)])) {
      forward({ key, value, timestamp: record.timestamp, headers: record.headers })
    }
  }
}

export function selectKey<K, V, K2> (mapper: (value: V, key: K) => K2): Wire<K, V, K2, V> {
  return (execution, node, forward) => record => {
    const previous = execution.enter(node)
    const key = mapper(record.value, record.key)
    execution.leave(previous)
    forward({ key, value: record.value, timestamp: record.timestamp, headers: record.headers })
  }
}

/** A record that is run again is still looked at once. */
export function peek<K, V> (look: (record: StreamRecord<K, V>) => void): Wire<K, V, K, V> {
  return (execution, node, forward) => record => {
    execution.leave(execution.enter(node))
    execution.whenClosed(() => look(record))
    forward(record)
  }
}

/** Hands on what comes, from whichever side. */
export function passOn<K, V> (): Wire<K, V, K, V> {
  return (execution, node, forward) => record => {
    execution.leave(execution.enter(node))
    forward(record)
  }
}

export function withValue<K, V> ({ key, timestamp, headers }: StreamRecord<K>, value: V): StreamRecord<K, V> {
  return { key, value, timestamp, headers }
}

function inNode<T> (execution: Execution, node: Node, work: () => T): T {
  const previous = execution.enter(node)
  const result = work()
  execution.leave(previous)
  return result
}
