import type { LogHeader } from '../../log/log.ts'
import type { SlidingWindows } from '../../windows/sliding-windows.ts'
import type { Windowed } from '../../windows/windowed.ts'
import type { Change } from '../change.ts'
import type { Wire } from '../wire.ts'
import { changeForwarder } from './change-forwarder.ts'
import { slidingSteps } from './sliding-steps.ts'
import type { WindowAggregateOptions } from './time-window-aggregate.ts'
import { closeTimes } from './window-emission.ts'

/** An aggregate per key and sliding window. */
export function slidingWindowAggregate<K, V, A> (
  { windows, store, initializer, aggregator, emit, sendsOldValues, idle }: WindowAggregateOptions<K, V, A> & { readonly windows: SlidingWindows }
): Wire<K | null, V | null, Windowed<K>, Change<NonNullable<A>>> {
  const { timeDifferenceMs, graceMs } = windows
  const onClose = emit === 'on-window-close'
  return (execution, node, forward) => {
    const rows = store.open(execution)
    const forwarder = changeForwarder(execution, { caching: store.caching && !onClose, sendsOldValues, store }, forward)
    const times = closeTimes(execution, node, store.name, graceMs)

    const emitClosed = (closeTime: number, headers: readonly LogHeader[]): void => times.advance(closeTime, from => {
      // What a late record makes before the first of them was closed already. A window's last ms is its end: it is closed when that is past.
      const lastStart = closeTime - timeDifferenceMs - 1
      if (lastStart < 0) return
      for (const { key, start, value, timestamp } of rows.takeClosed(from - timeDifferenceMs, lastStart)) {
        forward({ key: { key, window: { start, end: start + timeDifferenceMs } }, value: { newValue: value, oldValue: null, isLatest: true }, timestamp, headers })
      }
    })
    if (onClose) idle?.wired(execution, node, time => emitClosed(time - graceMs, []))
    execution.whenTimeAdvances(node, time => {
      const closeTime = times.observe(time)
      if (onClose) emitClosed(closeTime, [])
    })

    return ({ key, value, timestamp, headers }) => {
      if (key === null) return execution.drop(node, 'null-key')
      if (value === null) return execution.drop(node, 'null-value')
      const closeTime = times.observe(timestamp)
      if (timestamp + timeDifferenceMs < closeTime) return execution.drop(node, 'late')
      for (const { start, base, isNew, holdsRecord } of slidingSteps(timestamp, timeDifferenceMs, (from, to, options) => rows.fetchRange(key, from, to, options))) {
        const window = { start, end: start + timeDifferenceMs }
        if (holdsRecord && window.end < closeTime) {
          execution.drop(node, 'late')
          continue
        }
        const before: A = base === undefined ? initializer() : base.value
        let newValue = before ?? null
        let newTimestamp = base === undefined ? timestamp : base.timestamp
        if (holdsRecord) {
          const previous = execution.enter(node)
          newValue = aggregator(before, value, key) ?? null
          execution.leave(previous)
          newTimestamp = Math.max(timestamp, newTimestamp)
        }
        rows.put(key, start, newValue, newTimestamp)
        if (onClose) continue
        const oldValue = holdsRecord ? before ?? null : null
        forwarder.forward(rows.storeKey(key, start), {
          key: { key, window }, value: { newValue, oldValue, isLatest: true }, timestamp: newTimestamp, headers
        }, isNew || base === undefined ? null : base.value)
      }
      if (onClose) emitClosed(closeTime, headers)
      rows.expire()
    }
  }
}
