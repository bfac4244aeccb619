import { DecodeError } from '../serdes/decode-error.ts'
import type { Serde } from '../serdes/serde.ts'
import { defineOrdered, type Ordered } from './ordered.ts'
import type { StoreContents } from './store-contents.ts'
import type { Reading } from './reading.ts'

/** A store that keeps for each key also what was valid before, as far back as its history goes. */
export interface Versioned<V = unknown> {
  /** Where all of it is kept; `versioned-keys.ts` says under which keys. null: from then on there was no value. */
  readonly entries: Ordered<V | null>
  /** How far back stream time may be asked for, and how late a change may come. */
  readonly historyRetentionMs: number
  /** What is too old goes by whole segments: until its segment is too old, a question over a range still finds it. */
  readonly segmentIntervalMs: number
}

export function defineVersioned<V> ({ name, key, value, historyRetentionMs, segmentIntervalMs = segmentIntervalOf(historyRetentionMs), reading }: {
  readonly name: string
  /** Of a table's rows, for descriptions. */
  readonly key?: Serde<unknown>
  readonly value: Serde<V>
  readonly historyRetentionMs: number
  /** Left out: Kafka Streams' own for this history. */
  readonly segmentIntervalMs?: number
  readonly reading?: Reading | undefined
}): Versioned<V> {
  if (!(historyRetentionMs >= 0)) throw new TypeError(`Store '${name}' has a history of ${historyRetentionMs} ms; give it 0 or more.`)
  const contents: StoreContents | undefined = key && { shape: 'versioned', key, value, retentionMs: historyRetentionMs }
  return Object.freeze({ entries: defineOrdered({ name, value: orNothing(value), ...(contents === undefined ? {} : { contents }), reading }), historyRetentionMs, segmentIntervalMs })
}

function segmentIntervalOf (historyRetentionMs: number): number {
  if (historyRetentionMs <= 60_000) return Math.max(Math.floor(historyRetentionMs / 3), 2_000)
  if (historyRetentionMs <= 300_000) return Math.max(Math.floor(historyRetentionMs / 5), 20_000)
  if (historyRetentionMs <= 3_600_000) return Math.max(Math.floor(historyRetentionMs / 12), 60_000)
  return Math.max(Math.floor(historyRetentionMs / 24), 300_000)
}

/** One byte in front says whether there is a value: an empty one is a value too. */
function orNothing<V> (value: Serde<V>): Serde<V | null> {
  return {
    name: `orNothing(${value.name})`,
    decode (bytes) {
      if (bytes[0] === 0) return null
      if (bytes[0] === 1) return value.decode(bytes.subarray(1))
      throw new DecodeError('decode', `A version begins with the byte 0 or 1; this one ${bytes.length === 0 ? 'is empty' : `with ${bytes[0]}`}.`)
    },
    encode: each => each === null ? Buffer.of(0) : Buffer.concat([Buffer.of(1), value.encode(each)])
  }
}
