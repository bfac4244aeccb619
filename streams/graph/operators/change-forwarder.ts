import type { Change } from '../change.ts'
import type { Execution } from '../execution.ts'
import type { Forward, StreamRecord } from '../record.ts'

export interface ChangeForwarder<K, V> {
  /**
   * Hands on how a row of a store was changed. `storeKey` tells the rows apart, as their keys are equal rarely as objects.
   * `stored` is what the row held before, for a node whose old value is something else.
   */
  readonly forward: (storeKey: string, record: StreamRecord<K, Change<V>>, stored?: V | null) => void
}

export interface ChangeForwarderOptions {
  /** Several changes of a row by one input record become one, which goes on when the record is done. */
  readonly caching: boolean
  /** Whether somebody behind the node needs old values; asked once, when the graph is wired. */
  readonly sendsOldValues: () => boolean
}

/** What stands between a store and the nodes behind it, once per node and process. */
export function changeForwarder<K, V> (execution: Execution, { caching, sendsOldValues }: ChangeForwarderOptions, forward: Forward<K, Change<V>>): ChangeForwarder<K, V> {
  const withOldValue = sendsOldValues()
  if (!caching) {
    return { forward: (_storeKey, record) => forward(withOldValue ? record : withOld(record, null)) }
  }
  /** In the order of each row's last change; all of it belongs to the record that is being processed. */
  let pending = new Map<string, Pending<K, V>>()
  execution.whenRecordDone({
    reset () {
      if (pending.size > 0) pending = new Map()
    },
    flush () {
      if (pending.size === 0) return
      const changed = pending
      // What the nodes behind change here meanwhile is flushed in a round of its own.
      pending = new Map()
      for (const { record, stored } of changed.values()) {
        // Made and deleted by one record: nobody saw it.
        if (record.value.newValue === null && stored === null) continue
        forward(withOld(record, withOldValue ? stored : null))
      }
    }
  })
  return {
    forward (storeKey, record, stored = record.value.oldValue) {
      const earlier = pending.get(storeKey)
      if (earlier !== undefined) pending.delete(storeKey)
      pending.set(storeKey, { record, stored: earlier === undefined ? stored : earlier.stored })
    }
  }
}

interface Pending<K, V> {
  readonly record: StreamRecord<K, Change<V>>
  /** From before the record's first change. */
  readonly stored: V | null
}

function withOld<K, V> (record: StreamRecord<K, Change<V>>, oldValue: V | null): StreamRecord<K, Change<V>> {
  const { key, value, timestamp, headers } = record
  if (value.oldValue === oldValue) return record
  return { key, value: { newValue: value.newValue, oldValue, isLatest: value.isLatest }, timestamp, headers }
}
