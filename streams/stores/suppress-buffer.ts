import type { Change } from '../graph/change.ts'
import type { Execution } from '../graph/execution.ts'
import type { StreamRecord } from '../graph/record.ts'
import { bytes } from '../serdes/bytes.ts'
import type { Serde } from '../serdes/serde.ts'
import { packHeaders, unpackHeaders } from './frames.ts'
import { packHeld, sizeOfHeld, unpackHeld } from './held-change.ts'
import { bytesOfKey, decodeTime, keyOfBytes, encodeTime } from './ordered-keys.ts'
import { defineOrdered, type Ordered, type OrderedEntry } from './ordered.ts'

/**
 * Changes that are held back, as data: one for each key, ordered by the time of the first one of the key and the key's bytes.
 * Two kinds of rows: the changes in that order, and for each key its place in it.
 */
export interface SuppressBuffer<K, V> {
  readonly ordered: Ordered<Buffer>
  readonly key: Serde<K>
  readonly value: Serde<V>
}

export interface OpenSuppressBuffer<K, V> {
  /** A key that is held back already keeps its place, and takes the newer change. */
  readonly put: (time: number, record: StreamRecord<K, Change<V>>) => void
  readonly records: () => number
  /** As Kafka Streams estimates them: key, values, and where the record came from. */
  readonly bytes: () => number
  /** Gives out what stands first as long as `more` says so of its time, and forgets it then. */
  readonly evictWhile: (more: (time: number) => boolean, giveOut: (record: StreamRecord<K, Change<V>>) => void) => void
  /** What those behind the buffer know of a key that is held back; undefined: it is not. */
  readonly prior: (key: K) => { readonly value: V | null } | undefined
}

const CHANGES = '\0'
const PLACES = '\x01'
/** Behind the kind and the time begins the key. */
const KEY_AT = 9
const NO_BYTES = Buffer.alloc(0)
const NOTHING = -1

export function defineSuppressBuffer<K, V> ({ name, key, value }: { readonly name: string, readonly key: Serde<K>, readonly value: Serde<V> }): SuppressBuffer<K, V> {
  return Object.freeze({ ordered: defineOrdered({ name, value: bytes, contents: { shape: 'suppress-buffer', key, value } }), key, value })
}

export function openSuppressBuffer<K, V> (execution: Execution, { ordered, key: keys, value: values }: SuppressBuffer<K, V>): OpenSuppressBuffer<K, V> {
  const { name } = ordered
  const writer = execution.writer(ordered)
  const counts = { records: execution.time(`${name}:records`), bytes: execution.time(`${name}:bytes`) }
  const oldest = execution.time(`${name}:oldest`)
  const count = (of: keyof typeof counts) => Math.max(0, counts[of].get())
  const add = (records: number, size: number) => {
    counts.records.set(count('records') + records)
    counts.bytes.set(count('bytes') + size)
  }
  const encode = (value: V | null) => value === null ? null : values.encode(value)
  const decode = (value: Buffer | null) => value === null ? null : values.decode(value)
  const heldAt = (key: string) => {
    const place = writer.get(PLACES + key)
    return place === undefined ? undefined : writer.get(CHANGES + encodeTime(place.timestamp) + key)
  }
  const first = () => {
    const [entry] = writer.range(CHANGES, PLACES)
    return entry
  }

  return {
    put (time, { key, value: { newValue, oldValue }, timestamp, headers }) {
      const raw = keyOfBytes(keys.encode(key))
      const known = heldAt(raw)
      const old = encode(oldValue)
      const held = known === undefined ? undefined : unpackHeld(known.value)
      const change = { prior: held === undefined ? old : held.prior, old, new: encode(newValue), headers: packHeaders(headers) }
      const size = sizeOfHeld(raw.length, change, execution.current()?.topic ?? '', headers)
      writer.put(known?.key ?? CHANGES + encodeTime(time) + raw, packHeld(change, size), timestamp)
      add(held === undefined ? 1 : 0, size - (held?.size ?? 0))
      if (held !== undefined) return
      writer.put(PLACES + raw, NO_BYTES, time)
      if (oldest.get() === NOTHING || time < oldest.get()) oldest.set(time)
    },
    records: () => count('records'),
    bytes: () => count('bytes'),
    evictWhile (more, giveOut) {
      if (oldest.get() === NOTHING || !more(oldest.get())) return
      let entry = first()
      while (entry !== undefined && more(placeOf(entry))) {
        const raw = entry.key.slice(KEY_AT)
        const { old, new: newest, headers, size } = unpackHeld(entry.value)
        const change = { newValue: decode(newest), oldValue: decode(old), isLatest: true }
        // Given out before it is forgotten: who reads the table meanwhile finds it as it was.
        giveOut({ key: keys.decode(bytesOfKey(raw)), value: change, timestamp: entry.timestamp, headers: unpackHeaders(headers) })
        writer.delete(entry.key)
        writer.delete(PLACES + raw)
        add(-1, -size)
        entry = first()
      }
      oldest.set(entry === undefined ? NOTHING : placeOf(entry))
    },
    prior (key) {
      const entry = heldAt(keyOfBytes(keys.encode(key)))
      return entry === undefined ? undefined : { value: decode(unpackHeld(entry.value).prior) }
    }
  }
}

function placeOf ({ key }: OrderedEntry<Buffer>): number {
  return decodeTime(key.slice(CHANGES.length, KEY_AT), 0)
}
