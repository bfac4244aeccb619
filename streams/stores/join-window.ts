import type { Execution } from '../graph/execution.ts'
import type { Serde } from '../serdes/serde.ts'
import { encodeTime } from './ordered-keys.ts'
import { defineOrdered, type Ordered, type OrderedEntry } from './ordered.ts'
import type { StoreContents } from './store-contents.ts'
import { keyEncoder } from './windowed-options.ts'

/** How far around a record of the left side a match may lie, and how late a record may come. */
export interface JoinBounds {
  readonly beforeMs: number
  readonly afterMs: number
  readonly graceMs: number
}

/** One side of a join of streams, as data: every record of the last while, two of one key and time apart. */
export interface JoinWindow<K, V> {
  readonly ordered: Ordered<V>
  readonly key: Serde<K>
  /** Older records are not found any more. */
  readonly retentionMs: number
}

export interface OpenJoinWindow<K, V> {
  /** False: so late that it is not kept. */
  readonly put: (key: K, value: V, timestamp: number) => boolean
  /** Records of this key with `from` ≤ timestamp ≤ `to`, by timestamp and then as they came. */
  readonly fetch: (key: K, from: number, to: number) => readonly OrderedEntry<V>[]
}

/** Kafka Streams lets go of whole segments, never shorter than this: by them it decides what is late enough to be counted. */
const SHORTEST_SEGMENT_MS = 60_000

export function defineJoinWindow<K, V> (
  { name, key, value, bounds: { beforeMs, afterMs, graceMs } }: { readonly name: string, readonly key: Serde<K>, readonly value: Serde<V>, readonly bounds: JoinBounds }
): JoinWindow<K, V> {
  const retentionMs = beforeMs + afterMs + graceMs
  const contents: StoreContents = { shape: 'join-window', key, value, retentionMs, windows: { type: 'join', beforeMs, afterMs, graceMs } }
  return Object.freeze({ ordered: defineOrdered({ name, value, contents }), key, retentionMs })
}

export function openJoinWindow<K, V> (execution: Execution, { ordered, key: serde, retentionMs }: JoinWindow<K, V>): OpenJoinWindow<K, V> {
  const writer = execution.writer(ordered)
  const encode = keyEncoder(serde)
  // The newest record of this side alone: the other side does not make it old.
  const newest = execution.time(`${ordered.name}:time`)
  const sequence = execution.time(`${ordered.name}:sequence`)
  const segment = (time: number) => Math.trunc(time / Math.max(retentionMs / 2, SHORTEST_SEGMENT_MS))
  return {
    put (key, value, timestamp) {
      if (timestamp > newest.get()) {
        newest.set(timestamp)
        writer.expire(timestamp - retentionMs + 1)
      }
      const oldest = newest.get() - retentionMs
      // What is no longer found need not be kept, though it may still be too young to be counted as late.
      if (timestamp <= oldest) return segment(timestamp) >= segment(oldest)
      sequence.set(sequence.get() + 1)
      writer.put(encode(key).frame + encodeTime(timestamp) + encodeTime(sequence.get()), value, timestamp)
      return true
    },
    fetch (key, from, to) {
      const first = Math.max(from, newest.get() - retentionMs + 1)
      if (to < first) return []
      const { frame, end } = encode(key)
      // Read to the end before anything is handed on: what stands behind may write.
      return [...writer.range(frame + encodeTime(first), frame + encodeTime(to + 1), { ahead: end })]
    }
  }
}
