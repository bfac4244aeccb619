import type { Execution } from '../graph/execution.ts'
import type { ValueAndTimestamp, ValueGetterSupplier } from '../graph/value-getter.ts'
import type { Serde } from '../serdes/serde.ts'
import { behind, frameOf } from './ordered-keys.ts'
import { defineOrdered, type Ordered } from './ordered.ts'
import type { WindowNumbers } from './store-contents.ts'
import type { Store } from './store.ts'
import type { Windowed } from '../windows/windowed.ts'

/** What stores of windows are told, whatever their windows are. */
export interface WindowedStoreOptions<K, V> {
  readonly name: string
  readonly key: Serde<K>
  readonly value: Serde<V>
  /** How far behind the store's stream time a window may be and still be read, and be emitted when it closes. */
  readonly retentionMs: number
  /** Whether changes by one record go on as one; left out: yes. */
  readonly caching?: boolean
  /** Whether windows are emitted when they close: then a second table holds those that are still open, by time. */
  readonly closes?: boolean
  /** What the windows are made of, for descriptions. */
  readonly windows?: WindowNumbers
  /** Given a name by the topology's author: it can be read from outside. */
  readonly isNamed?: boolean
}

const LEAST_SEGMENT_MS = 60_000

/** In Kafka Streams what the store has let go is still in the cache, until that is full. Here it is kept for as long again, so that no session misses one that it should be joined to. */
export function timeCached (retentionMs: number): number {
  return retentionMs + Math.max(retentionMs, LEAST_SEGMENT_MS)
}

/** Kafka Streams lets rows go in segments; this is when the oldest segment begins that still has a row of that time or a later one. */
export function beginOfSegment (time: number, retentionMs: number): number {
  const interval = Math.max(Math.floor(retentionMs / 2), LEAST_SEGMENT_MS)
  return Math.floor(Math.max(0, time) / interval) * interval
}

/** The open windows of a store. A row says nothing but its key: the time, and the bytes of the window's key. */
export function defineOpenWindows (store: string, key: Serde<unknown>): Ordered<null> {
  return defineOrdered<null>({ name: `${store}-open`, value: nothing, expires: false, contents: { shape: 'open-windows', key, value: nothing } })
}

/** Reads a store's rows for the operators of tables. */
export function windowedGetter<K, V> (stores: readonly Store[], open: (execution: Execution) => (key: Windowed<K>) => ValueAndTimestamp<V> | undefined): ValueGetterSupplier<Windowed<K>, V> {
  return { stores, open: execution => ({ get: open(execution), getAsOf: undefined }) }
}

const nothing: Serde<null> = { name: 'nothing', decode: () => null, encode: () => Buffer.alloc(0) }

export interface EncodedKey {
  /** One character per byte. */
  readonly bytes: string
  readonly frame: string
  /** The first key behind all of the frame. */
  readonly end: string
}

type KeyEncoder<K> = (key: K) => EncodedKey

const encoders = new WeakMap<Serde<unknown>, KeyEncoder<unknown>>()

/** Encodes keys; the same text or number again, as one record's windows and stores ask for it, is encoded once: who has the same serde has the same encoder. */
export function keyEncoder<K> (serde: Serde<K>): KeyEncoder<K> {
  // It was made of this serde, so it takes its type.
  const found = encoders.get(serde) as KeyEncoder<K> | undefined
  if (found !== undefined) return found
  let last: { readonly key: K, readonly encoded: EncodedKey } | undefined
  const encoder: KeyEncoder<K> = key => {
    if (last !== undefined && Object.is(last.key, key)) return last.encoded
    const bytes = serde.encode(key)
    const frame = frameOf(bytes)
    const encoded = { bytes: bytes.toString('latin1'), frame, end: behind(frame) }
    // An object may be another key the next time.
    last = typeof key === 'object' ? undefined : { key, encoded }
    return encoded
  }
  encoders.set(serde, encoder as KeyEncoder<unknown>)
  return encoder
}
