import type { LogHeader } from '../../log/log.ts'
import type { SessionStore } from '../../stores/session-store.ts'
import type { SessionWindows } from '../../windows/session-windows.ts'
import type { Window, Windowed } from '../../windows/windowed.ts'
import type { Change } from '../change.ts'
import type { Wire } from '../wire.ts'
import type { SessionAggregation } from './aggregation.ts'
import { changeForwarder } from './change-forwarder.ts'
import { closeTimes, type EmitStrategy, type IdleClosing } from './window-emission.ts'

export interface SessionWindowAggregateOptions<K, V, A> extends SessionAggregation<K, V, A> {
  readonly windows: SessionWindows
  readonly store: SessionStore<K, NonNullable<A>>
  readonly emit: EmitStrategy
  readonly sendsOldValues: () => boolean
  /** Left out: only records close windows. */
  readonly idle?: IdleClosing
}

/** An aggregate per key and session. Sessions that a record joins to one are deleted, each with a tombstone. Null values are aggregated too. */
export function sessionWindowAggregate<K, V, A> (
  { windows, store, initializer, aggregator, merger, emit, sendsOldValues, idle }: SessionWindowAggregateOptions<K, V, A>
): Wire<K | null, V, Windowed<K>, Change<NonNullable<A>>> {
  const { inactivityGapMs, graceMs } = windows
  const onClose = emit === 'on-window-close'
  return (execution, node, forward) => {
    const rows = store.open(execution)
    const forwarder = changeForwarder(execution, { caching: store.caching && !onClose, sendsOldValues, store }, forward)
    const times = closeTimes(execution, node, store.name, inactivityGapMs + graceMs)

    const changed = (key: K, window: Window, newValue: NonNullable<A> | null, oldValue: NonNullable<A> | null, stored: NonNullable<A> | null, headers: readonly LogHeader[]): void => {
      if (onClose) return
      // The cache of Kafka Streams asks its store for what was there before, and that has let go of what is expired.
      const known = store.caching && rows.isExpired(window) ? null : stored
      forwarder.forward(rows.storeKey(key, window), { key: { key, window }, value: { newValue, oldValue, isLatest: true }, timestamp: window.end, headers }, known)
    }
    const emitClosed = (closeTime: number, headers: readonly LogHeader[]): void => times.advance(closeTime, () => {
      // A session's end is its last record's: it is closed when that is past.
      if (closeTime < 1) return
      for (const { key, window, value } of rows.takeClosed(closeTime - 1)) {
        forward({ key: { key, window }, value: { newValue: value, oldValue: null, isLatest: true }, timestamp: window.end, headers })
      }
    })
    if (onClose) idle?.wired(execution, node, time => emitClosed(time - inactivityGapMs - graceMs, []))
    execution.whenTimeAdvances(node, time => {
      const closeTime = times.observe(time)
      if (onClose) emitClosed(closeTime, [])
    })

    return ({ key, value, timestamp, headers }) => {
      if (key === null) return execution.drop(node, 'null-key')
      const closeTime = times.observe(timestamp)
      // What the wall clock has closed does not grow any more; what stream time has closed the store's retention lets go.
      const earliestEnd = idle === undefined ? timestamp - inactivityGapMs : Math.max(timestamp - inactivityGapMs, closeTime)
      const sessions = [...rows.findSessions(key, earliestEnd, timestamp + inactivityGapMs)]
      const window = {
        start: sessions.reduce((start, session) => Math.min(start, session.window.start), timestamp),
        end: sessions.reduce((end, session) => Math.max(end, session.window.end), timestamp)
      }
      if (window.end < closeTime) {
        execution.drop(node, 'late')
      } else {
        const previous = execution.enter(node)
        const merged = sessions.reduce((aggregate, session) => merger(aggregate, session.value, key), initializer())
        const newValue = aggregator(merged, value, key) ?? null
        execution.leave(previous)
        // A session of records of one time stays what it is when another one of that time comes.
        const grows = window.start !== window.end
        if (grows) {
          for (const session of sessions) {
            rows.remove(key, session.window)
            changed(key, session.window, null, session.value, session.value, headers)
          }
        }
        rows.put(key, window, newValue)
        changed(key, window, newValue, null, grows ? null : sessions[0]?.value ?? null, headers)
      }
      if (onClose) emitClosed(closeTime, headers)
      rows.expire()
    }
  }
}
