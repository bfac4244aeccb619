import type { Execution } from '../graph/execution.ts'
import { openOrdered } from './open-ordered.ts'
import type { ValueAndTimestamp, ValueGetterSupplier } from '../graph/value-getter.ts'
import type { Windowed } from '../windows/windowed.ts'
import { bytesOfFrame, bytesOfKey, decodeTime, encodeInt, encodeTime, frameOf, TIME_LENGTH } from './ordered-keys.ts'
import { defineOrdered, type Ordered } from './ordered.ts'
import { defineOpenWindows, keyEncoder, timeCached, windowedGetter, type WindowedStoreOptions } from './windowed-options.ts'

/** A value per key and start of a window. */
export interface WindowStore<K, V> {
  readonly name: string
  readonly stores: readonly Ordered<unknown>[]
  readonly caching: boolean
  readonly open: (execution: Execution) => OpenWindowStore<K, V>
  readonly getter: ValueGetterSupplier<Windowed<K>, V>
}

export interface WindowEntry<V> extends ValueAndTimestamp<V> {
  readonly start: number
}

export interface OpenWindowStore<K, V> {
  readonly storeKey: (key: K, start: number) => string
  readonly fetch: (key: K, start: number) => ValueAndTimestamp<V> | undefined
  /** The windows of a key that start within the range, both inclusive, by start. */
  readonly fetchRange: (key: K, from: number, to: number, options?: { readonly reverse?: boolean }) => Iterable<WindowEntry<V>>
  /** Windows of all keys; not of a store that keeps duplicates. */
  readonly all: () => Iterable<WindowEntry<V> & { readonly key: K }>
  /** null deletes; where duplicates are kept it does nothing. */
  readonly put: (key: K, start: number, value: V | null, timestamp: number) => void
  /**
   * The windows that start within the range, both inclusive, and were not taken yet, by start and then by the bytes of their keys.
   * Those that are behind the retention, or start before the range, are never taken. Only of a store that is told that windows close.
   */
  readonly takeClosed: (firstStart: number, lastStart: number) => readonly (WindowEntry<V> & { readonly key: K })[]
  /** Lets go of what nobody can read any more. */
  readonly expire: () => void
}

/** Whoever reads a named one from outside is told the windows' size. */
export interface WindowStoreOptions<K, V> extends WindowedStoreOptions<K, V> {
  readonly sizeMs?: number
  readonly retainDuplicates?: boolean
}

/**
 * Windows that start before the stream time of the store (the latest start it has seen) less the retention are gone, also for who
 * reads. With caching they can be read for a while longer, as in Kafka Streams, whose cache answers for what its store has let go.
 */
export function defineWindowStore<K, V> (options: WindowStoreOptions<K, V>): WindowStore<K, V> {
  const { name, key, value, retentionMs, caching = true, closes = false, retainDuplicates = false, isNamed = false, sizeMs } = options
  // Where windows close, the one that starts exactly a retention ago is just about to be emitted.
  const keptMs = (caching ? timeCached(retentionMs) : retentionMs) - (closes ? 0 : 1)
  const rows = defineOrdered({
    name,
    value,
    contents: { shape: 'window', key, value, retentionMs, ...(options.windows === undefined ? {} : { windows: options.windows }) },
    reading: isNamed && sizeMs !== undefined ? { shape: 'window', key, keptMs, sizeMs } : undefined
  })
  const openWindows = closes ? defineOpenWindows(name, key) : undefined
  const stores = openWindows === undefined ? [rows] : [rows, openWindows]

  const open = (execution: Execution): OpenWindowStore<K, V> => {
    const writer = openOrdered(execution, rows)
    const byTime = openWindows === undefined ? undefined : openOrdered(execution, openWindows)
    const observed = execution.time(name)
    const sequence = execution.time(`${name}/sequence`)
    const encode = keyEncoder(key)
    const oldest = (): number => observed.get() - keptMs
    let last = { frame: '', start: -1, place: '' }
    // A window is fetched, put and handed on: the same text each time is hashed once.
    const storeKey = (sought: K, start: number): string => {
      const { frame } = encode(sought)
      if (last.start !== start || last.frame !== frame) last = { frame, start, place: frame + encodeTime(start) }
      return last.place
    }

    return {
      storeKey,
      // A window that begins is asked for before it is put: once for all that its key will have, where one by one was to be read.
      fetch: (sought, start) => start < oldest() ? undefined : writer.get(storeKey(sought, start), { ahead: encode(sought).end }),
      * fetchRange (sought, from, to, { reverse = false } = {}) {
        const first = Math.max(0, from, oldest())
        if (to < first) return
        const { frame } = encode(sought)
        for (const entry of writer.range(frame + encodeTime(first), frame + encodeTime(to + 1), { reverse })) {
          yield { start: decodeTime(entry.key, frame.length), value: entry.value, timestamp: entry.timestamp }
        }
      },
      * all () {
        const first = oldest()
        for (const entry of writer.range('', undefined)) {
          const frameLength = entry.key.length - TIME_LENGTH
          const start = decodeTime(entry.key, frameLength)
          if (start >= first) yield { key: key.decode(bytesOfFrame(entry.key.slice(0, frameLength))), start, value: entry.value, timestamp: entry.timestamp }
        }
      },
      put (changed, start, newValue, timestamp) {
        if (start > observed.get()) observed.set(start)
        const place = storeKey(changed, start)
        if (retainDuplicates) {
          if (newValue === null) return
          const next = (sequence.get() + 1) & 0x7fff_ffff
          sequence.set(next)
          writer.put(place + encodeInt(next), newValue, timestamp, start)
        } else if (newValue === null) {
          writer.delete(place)
          byTime?.delete(encodeTime(start) + encode(changed).bytes)
        } else {
          if (byTime !== undefined && writer.get(place) === undefined) byTime.put(encodeTime(start) + encode(changed).bytes, null, start)
          writer.put(place, newValue, timestamp, start)
        }
      },
      takeClosed (firstStart, lastStart) {
        if (byTime === undefined) throw new TypeError(`Store '${name}' does not know which windows are open; define it with closes.`)
        // The cache still has what the store has let go.
        const first = caching ? firstStart : Math.max(firstStart, oldest())
        const closed: (WindowEntry<V> & { readonly key: K })[] = []
        for (const { key: place } of [...byTime.range('', encodeTime(lastStart + 1))]) {
          byTime.delete(place)
          const start = decodeTime(place, 0)
          if (start < first) continue
          const bytes = bytesOfKey(place.slice(TIME_LENGTH))
          const entry = writer.get(frameOf(bytes) + place.slice(0, TIME_LENGTH))
          if (entry === undefined) continue
          closed.push({ key: key.decode(bytes), start, value: entry.value, timestamp: entry.timestamp })
        }
        return closed
      },
      expire () {
        const before = oldest()
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
      const { fetch } = open(execution)
      return ({ key: sought, window }) => fetch(sought, window.start)
    })
  })
}
