import type { Execution } from '../graph/execution.ts'
import { openOrdered } from './open-ordered.ts'
import type { ValueAndTimestamp, ValueGetterSupplier } from '../graph/value-getter.ts'
import type { Window, Windowed } from '../windows/windowed.ts'
import { behind, bytesOfKey, decodeTime, encodeTime, frameOf, TIME_LENGTH } from './ordered-keys.ts'
import { defineOrdered, type Ordered } from './ordered.ts'
import { beginOfSegment, defineOpenWindows, keyEncoder, timeCached, windowedGetter, type WindowedStoreOptions } from './windowed-options.ts'

/** A value per key and session. */
export interface SessionStore<K, V> {
  readonly name: string
  readonly stores: readonly Ordered<unknown>[]
  readonly caching: boolean
  readonly open: (execution: Execution) => OpenSessionStore<K, V>
  readonly getter: ValueGetterSupplier<Windowed<K>, V>
}

export interface Session<V> {
  readonly window: Window
  readonly value: V
}

export interface OpenSessionStore<K, V> {
  readonly storeKey: (key: K, window: Window) => string
  readonly fetchSession: (key: K, window: Window) => ValueAndTimestamp<V> | undefined
  /** The sessions of a key that end at or after the one time and start at or before the other, by end. */
  readonly findSessions: (key: K, earliestEnd: number, latestStart: number) => Iterable<Session<V>>
  /** The timestamp of a session is its end. null removes it. */
  readonly put: (key: K, window: Window, value: V | null) => void
  readonly remove: (key: K, window: Window) => void
  /** Whether the session is behind the retention: with caching it can be read for a while longer, and nobody is told that it is gone. */
  readonly isExpired: (window: Window) => boolean
  /**
   * The sessions that end at or before a time and were not taken yet, by end, start and then the bytes of their keys. Those that end
   * before the segment of the retention are never taken. Only of a store that is told that windows close.
   */
  readonly takeClosed: (lastEnd: number) => readonly (Session<V> & { readonly key: K })[]
  /** Lets go of what nobody can read any more. */
  readonly expire: () => void
}

/** Sessions whose end is before the stream time of the store (the latest end it has seen) less the retention are gone, also for who reads; with caching a while later. */
export function defineSessionStore<K, V> (options: WindowedStoreOptions<K, V>): SessionStore<K, V> {
  const { name, key, value, retentionMs, caching = true, closes = false, isNamed = false } = options
  const keptMs = caching ? timeCached(retentionMs) : retentionMs - 1
  const rows = defineOrdered({
    name,
    value,
    contents: { shape: 'session', key, value, retentionMs, ...(options.windows === undefined ? {} : { windows: options.windows }) },
    reading: isNamed ? { shape: 'session', key, keptMs } : undefined
  })
  const openWindows = closes ? defineOpenWindows(name, key) : undefined
  const stores = openWindows === undefined ? [rows] : [rows, openWindows]

  const open = (execution: Execution): OpenSessionStore<K, V> => {
    const writer = openOrdered(execution, rows)
    const byTime = openWindows === undefined ? undefined : openOrdered(execution, openWindows)
    const observed = execution.time(name)
    const encode = keyEncoder(key)
    const retained = (): number => observed.get() - retentionMs + 1
    const oldest = (): number => observed.get() - keptMs
    const storeKey = (sought: K, window: Window): string => encode(sought).frame + encodeTimes(window)

    const remove = (removed: K, window: Window): void => {
      writer.delete(storeKey(removed, window))
      byTime?.delete(encodeTimes(window) + encode(removed).bytes)
    }
    return {
      storeKey,
      fetchSession: (sought, window) => window.end < oldest() ? undefined : writer.get(storeKey(sought, window)),
      * findSessions (sought, earliestEnd, latestStart) {
        const { frame } = encode(sought)
        for (const entry of writer.range(frame + encodeTime(Math.max(0, earliestEnd, oldest())), behind(frame))) {
          const window = decodeTimes(entry.key, frame.length)
          if (window.start <= latestStart) yield { window, value: entry.value }
        }
      },
      put (changed, window, newValue) {
        if (window.end > observed.get()) observed.set(window.end)
        if (newValue === null) return remove(changed, window)
        writer.put(storeKey(changed, window), newValue, window.end)
        byTime?.put(encodeTimes(window) + encode(changed).bytes, null, window.end)
      },
      remove,
      isExpired: window => window.end < retained(),
      takeClosed (lastEnd) {
        if (byTime === undefined) throw new TypeError(`Store '${name}' does not know which windows are open; define it with closes.`)
        const firstEnd = beginOfSegment(observed.get() - retentionMs, retentionMs)
        const closed: (Session<V> & { readonly key: K })[] = []
        for (const { key: place } of [...byTime.range('', encodeTime(lastEnd + 1))]) {
          byTime.delete(place)
          const window = decodeTimes(place, 0)
          if (window.end < firstEnd) continue
          const bytes = bytesOfKey(place.slice(2 * TIME_LENGTH))
          const entry = writer.get(frameOf(bytes) + place.slice(0, 2 * TIME_LENGTH))
          if (entry !== undefined) closed.push({ key: key.decode(bytes), window, value: entry.value })
        }
        return closed
      },
      expire () {
        const before = closes ? beginOfSegment(observed.get() - retentionMs, retentionMs) : oldest()
        if (before > 0) writer.expire(before)
      }
    }
  }
  return Object.freeze({
    name,
    caching,
    stores,
    open,
    getter: windowedGetter<K, V>(stores, execution => {
      const { fetchSession } = open(execution)
      return ({ key: sought, window }) => fetchSession(sought, window)
    })
  })
}

/** The end first: a session is sought by when it may still grow, and closes by its end. */
function encodeTimes ({ start, end }: Window): string {
  return encodeTime(end) + encodeTime(start)
}

function decodeTimes (key: string, at: number): Window {
  return { start: decodeTime(key, at + TIME_LENGTH), end: decodeTime(key, at) }
}
