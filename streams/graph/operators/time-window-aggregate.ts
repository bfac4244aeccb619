import type { WindowStore } from '../../stores/window-store.ts'
import type { TimeWindows } from '../../windows/time-windows.ts'
import type { UnlimitedWindows } from '../../windows/unlimited-windows.ts'
import type { Windowed } from '../../windows/windowed.ts'
import type { LogHeader } from '../../log/log.ts'
import type { Change } from '../change.ts'
import type { Wire } from '../wire.ts'
import type { Aggregation } from './aggregation.ts'
import { changeForwarder } from './change-forwarder.ts'
import { closeTimes, type EmitStrategy, type IdleClosing } from './window-emission.ts'

export interface WindowAggregateOptions<K, V, A> extends Aggregation<K, V, A> {
  readonly store: WindowStore<K, NonNullable<A>>
  readonly emit: EmitStrategy
  readonly sendsOldValues: () => boolean
  /** Left out: only records close windows. */
  readonly idle?: IdleClosing
}

/** An aggregate per key and window. Null values are aggregated too, as Kafka Streams does here and nowhere else but in sessions. */
export function timeWindowAggregate<K, V, A> (
  { windows, store, initializer, aggregator, emit, sendsOldValues, idle }: WindowAggregateOptions<K, V, A> & { readonly windows: TimeWindows | UnlimitedWindows }
): Wire<K | null, V, Windowed<K>, Change<NonNullable<A>>> {
  const onClose = emit === 'on-window-close'
  if (onClose && windows.type === 'unlimited') {
    throw new TypeError(`The aggregate in store '${store.name}' is emitted when its windows close, and unlimited windows never do; emit it on update.`)
  }
  return (execution, node, forward) => {
    const rows = store.open(execution)
    const forwarder = changeForwarder(execution, { caching: store.caching && !onClose, sendsOldValues, store }, forward)
    const times = closeTimes(execution, node, store.name, windows.graceMs)

    const emitClosed = (closeTime: number, headers: readonly LogHeader[]): void => {
      if (windows.type === 'unlimited') return
      const { sizeMs, advanceMs } = windows
      times.advance(closeTime, from => {
        const lastStart = closeTime - sizeMs
        // No window has begun between what was closed and what closes.
        if (lastStart < 0 || Math.floor(lastStart / advanceMs) === Math.floor((from - sizeMs) / advanceMs)) return
        for (const { key, start, value, timestamp } of rows.takeClosed(from - sizeMs + 1, lastStart)) {
          forward({ key: { key, window: { start, end: start + sizeMs } }, value: { newValue: value, oldValue: null, isLatest: true }, timestamp, headers })
        }
      })
    }
    if (onClose) idle?.wired(execution, node, time => emitClosed(time - windows.graceMs, []))
    execution.whenTimeAdvances(node, time => {
      const closeTime = times.observe(time)
      if (onClose) emitClosed(closeTime, [])
    })

    return ({ key, value, timestamp, headers }) => {
      if (key === null) return execution.drop(node, 'null-key')
      const closeTime = times.observe(timestamp)
      for (const window of windows.windowsFor(timestamp)) {
        if (window.end <= closeTime) {
          execution.drop(node, 'late')
          continue
        }
        const stored = rows.fetch(key, window.start)
        const before: A = stored === undefined ? initializer() : stored.value
        const previous = execution.enter(node)
        const newValue = aggregator(before, value, key) ?? null
        execution.leave(previous)
        const newTimestamp = stored === undefined ? timestamp : Math.max(timestamp, stored.timestamp)
        rows.put(key, window.start, newValue, newTimestamp)
        if (onClose) continue
        forwarder.forward(rows.storeKey(key, window.start), {
          key: { key, window }, value: { newValue, oldValue: before ?? null, isLatest: true }, timestamp: newTimestamp, headers
        }, stored?.value ?? null)
      }
      if (onClose) emitClosed(closeTime, headers)
      rows.expire()
    }
  }
}
