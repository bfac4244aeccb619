import { FatalError } from '../../errors.ts'
import { openSuppressBuffer, type SuppressBuffer } from '../../stores/suppress-buffer.ts'
import type { Change } from '../change.ts'
import type { StreamRecord } from '../record.ts'
import type { Wire } from '../wire.ts'

export interface Suppress<K, V> {
  readonly buffer: SuppressBuffer<K, V>
  /** From what on a change is held back: `recordTime` or `windowEnd`. */
  readonly timeOf: (record: StreamRecord<K, unknown>) => number
  /** How long; until a window closes: its grace, for a session the gap too. */
  readonly durationMs: number
  /** Where nothing was given out before, as with final results, a tombstone says nothing. */
  readonly dropTombstones: boolean
  readonly maxRecords?: number | undefined
  readonly maxBytes?: number | undefined
  /** Gives out what closes by the wall clock when the partition has had no record for so long; left out: only records do. */
  readonly closeWhenIdleMs?: number | undefined
  /** With a bound: whether the oldest change goes out early, or everything stops. */
  readonly whenFull: 'emitEarly' | 'shutDown'
}

export function recordTime ({ timestamp }: StreamRecord): number {
  return timestamp
}

export function windowEnd ({ key }: StreamRecord<{ readonly window: { readonly end: number } }>): number {
  return key.window.end
}

/**
 * Holds changes back and gives out the last one of a key when its time is over, oldest first. The time of the records that
 * come here moves it, and what moves time without a record: else the last changes stay.
 */
export function suppress<K, V> (options: Suppress<K, V>): Wire<K, Change<V>, K, Change<V>> {
  const { buffer, timeOf, durationMs, dropTombstones, maxRecords = Infinity, maxBytes = Infinity, whenFull, closeWhenIdleMs } = options
  return (execution, node, forward) => {
    const held = openSuppressBuffer(execution, buffer)
    const streamTime = execution.time(`${buffer.ordered.name}:time`)
    const closedWhenIdle = closeWhenIdleMs === undefined ? undefined : execution.time(`${buffer.ordered.name}:closed-when-idle`)
    const isFull = () => held.records() > maxRecords || held.bytes() > maxBytes

    const giveOut = (record: StreamRecord<K, Change<V>>) => {
      if (record.value.newValue !== null || !dropTombstones) forward(record)
    }
    const moveOn = (to: number) => {
      if (to > streamTime.get()) streamTime.set(to)
    }
    const giveOutExpired = () => {
      const expired = streamTime.get() - durationMs
      held.evictWhile(time => time <= expired, giveOut)
    }
    execution.whenTimeAdvances(node, time => {
      moveOn(time)
      giveOutExpired()
    })
    const process = (record: StreamRecord<K, Change<V>>) => {
      moveOn(record.timestamp)
      // Its final result is out.
      if (closedWhenIdle !== undefined && timeOf(record) <= closedWhenIdle.get()) return execution.drop(node, 'late')
      held.put(timeOf(record), record)
      giveOutExpired()
      if (!isFull()) return
      if (whenFull === 'shutDown') {
        throw new FatalError(
          `Node '${node.name}': buffer exceeded its max capacity, it holds ${held.records()} of ${maxRecords} records and ${held.bytes()} of ${maxBytes} bytes; give it more room, or let it emit early when full.`
        )
      }
      held.evictWhile(isFull, giveOut)
    }

    if (closeWhenIdleMs !== undefined && closedWhenIdle !== undefined) {
      execution.whenIdle(node, closeWhenIdleMs, now => {
        const closed = now - durationMs
        if (closed > closedWhenIdle.get()) closedWhenIdle.set(closed)
        held.evictWhile(time => time <= closed, giveOut)
      })
    }

    return record => {
      const previous = execution.enter(node)
      process(record)
      execution.leave(previous)
    }
  }
}
