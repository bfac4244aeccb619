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
  /** Where several nodes change the rows of one store: an object that stands for it, the same for all of them. */
  readonly store?: object
}

/** What stands between a store and the nodes behind it, once per node and process. */
export function changeForwarder<K, V> (execution: Execution, { caching, sendsOldValues, store }: ChangeForwarderOptions, forward: Forward<K, Change<V>>): ChangeForwarder<K, V> {
  const withOldValue = sendsOldValues()
  if (!caching) {
    return { forward: (_storeKey, record) => forward(withOldValue ? record : withOld(record, null)) }
  }
  // Whoever shares a store has its types.
  const changes = (store === undefined ? new PendingChanges(execution) : pendingOf(execution, store)) as PendingChanges<K, V>
  return {
    forward: (storeKey, record, stored = record.value.oldValue) => changes.add(storeKey, { record, stored, withOldValue, forward })
  }
}

interface Pending<K, V> {
  readonly record: StreamRecord<K, Change<V>>
  /** From before the record's first change. */
  readonly stored: V | null
  readonly withOldValue: boolean
  readonly forward: Forward<K, Change<V>>
}

/** In the order of each row's last change; all of it belongs to the record that is being processed. */
class PendingChanges<K, V> {
  #rows = new Map<string, Pending<K, V>>()

  constructor (execution: Execution) {
    execution.whenRecordDone({
      reset: () => {
        if (this.#rows.size > 0) this.#rows = new Map()
      },
      flush: () => this.#flush()
    })
  }

  add (storeKey: string, change: Pending<K, V>): void {
    const earlier = this.#rows.get(storeKey)
    if (earlier !== undefined) this.#rows.delete(storeKey)
    this.#rows.set(storeKey, earlier === undefined ? change : { ...change, stored: earlier.stored })
  }

  #flush (): void {
    if (this.#rows.size === 0) return
    const changed = this.#rows
    // What the nodes behind change here meanwhile is flushed in a round of its own.
    this.#rows = new Map()
    for (const { record, stored, withOldValue, forward } of changed.values()) {
      // Made and deleted by one record: nobody saw it.
      if (record.value.newValue === null && stored === null) continue
      forward(withOld(record, withOldValue ? stored : null))
    }
  }
}

const shared = new WeakMap<Execution, WeakMap<object, PendingChanges<unknown, unknown>>>()

function pendingOf (execution: Execution, store: object): PendingChanges<unknown, unknown> {
  const stores = shared.get(execution) ?? new WeakMap<object, PendingChanges<unknown, unknown>>()
  shared.set(execution, stores)
  const pending = stores.get(store) ?? new PendingChanges<unknown, unknown>(execution)
  stores.set(store, pending)
  return pending
}

function withOld<K, V> (record: StreamRecord<K, Change<V>>, oldValue: V | null): StreamRecord<K, Change<V>> {
  const { key, value, timestamp, headers } = record
  if (value.oldValue === oldValue) return record
  return { key, value: { newValue: value.newValue, oldValue, isLatest: value.isLatest }, timestamp, headers }
}
