import { TopologyError } from '../../errors.ts'
import { openGraceBuffer, type GraceBuffer } from '../../stores/grace-buffer.ts'
import type { StreamRecord } from '../record.ts'
import type { Wire } from '../wire.ts'
import { openLookUp, reasonToDrop, type StreamTableJoin } from './stream-table-join.ts'

export interface StreamTableGraceJoin<K, V, TK, T, Out> extends StreamTableJoin<K, V, TK, T, Out> {
  readonly graceMs: number
  readonly buffer: GraceBuffer<K, V>
}

/**
 * A join with a versioned table that gives late rows time to come: a record waits until the stream side is `graceMs` ahead of
 * it, and is then joined as of its own time. One that comes later than that is joined at once, and one without a key, too.
 */
export function streamTableGraceJoin<K, V, TK, T, Out> (join: StreamTableGraceJoin<K, V, TK, T, Out>): Wire<K | null, V | null, K | null, Out> {
  const { graceMs, buffer } = join
  return (execution, node, forward) => {
    if (join.table.open(execution).getAsOf === undefined) {
      throw new TopologyError(`Node '${node.name}' joins with a grace period, so its table must keep versions: give the table a versioned store, or leave graceMs out.`)
    }
    const waiting = openGraceBuffer(execution, buffer)
    const newest = execution.time(`${buffer.ordered.name}:time`)
    const lookUp = openLookUp(execution, join)

    const joinNow = (record: StreamRecord<K | null, V | null>) => {
      const joined = lookUp(record)
      if (joined !== undefined) forward(joined)
    }
    const process = (record: StreamRecord<K | null, V | null>) => {
      const reason = reasonToDrop(join, record)
      if (reason !== undefined) return execution.drop(node, reason)
      const { key, value, timestamp, headers } = record
      if (key === null || value === null || timestamp < newest.get() - graceMs) return joinNow(record)
      if (timestamp > newest.get()) newest.set(timestamp)
      waiting.add({ key, value, timestamp, headers })
      for (const due of waiting.takeUpTo(newest.get() - graceMs)) joinNow(due)
    }

    return record => {
      const previous = execution.enter(node)
      process(record)
      execution.leave(previous)
    }
  }
}
