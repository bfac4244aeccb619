import { behind, sessionStoreKey } from '../windows/store-keys.ts'
import type { Window, Windowed } from '../windows/windowed.ts'
import { DecodeError } from './decode-error.ts'
import { readLong, writeLong } from './long.ts'
import type { Serde } from './serde.ts'

/**
 * Keys of time windows in Kafka Streams' format: the key, then the start of its window. The end is not written; whoever reads
 * has to know the windows' size.
 */
export function timeWindowed<K> (inner: Serde<K>, sizeMs: number): Serde<Windowed<K>> {
  if (!Number.isSafeInteger(sizeMs) || sizeMs <= 0) throw new RangeError(`A window's size is a whole number of ms above 0, not ${sizeMs}.`)
  return {
    name: `timeWindowed(${inner.name})`,
    decode (bytes) {
      const [key, times] = split(bytes, 8)
      const start = readLong(times, 0)
      // A window without an end is as long as numbers go.
      return { key: inner.decode(key), window: checked({ start, end: Math.min(start + sizeMs, Number.MAX_SAFE_INTEGER) }) }
    },
    encode ({ key, window }) {
      const keyBytes = inner.encode(key)
      const bytes = behind(keyBytes, 8)
      writeLong(bytes, window.start, keyBytes.length)
      return bytes
    },
    partitionBytes: ({ key }) => inner.encode(key)
  }
}

/** Keys of sessions in Kafka Streams' format: the key, then the session's end, then its start. */
export function sessionWindowed<K> (inner: Serde<K>): Serde<Windowed<K>> {
  return {
    name: `sessionWindowed(${inner.name})`,
    decode (bytes) {
      const [key, times] = split(bytes, 16)
      return { key: inner.decode(key), window: checked({ start: readLong(times, 8), end: readLong(times, 0) }) }
    },
    encode: ({ key, window }) => sessionStoreKey(inner.encode(key), window),
    partitionBytes: ({ key }) => inner.encode(key)
  }
}

function split (bytes: Buffer, size: number): [key: Buffer, times: Buffer] {
  const at = bytes.length - size
  if (at < 0) throw new DecodeError('decode', `A windowed key ends with the ${size} bytes of its window; this one has ${bytes.length} in all.`)
  return [bytes.subarray(0, at), bytes.subarray(at)]
}

function checked (window: Window): Window {
  if (window.start < 0 || window.end < window.start) {
    throw new DecodeError('decode', `A window from ${window.start} to ${window.end} is none: it begins at 0 or later and ends after that.`)
  }
  return window
}
