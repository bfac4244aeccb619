import type { Execution } from '../graph/execution.ts'
import type { StreamRecord } from '../graph/record.ts'
import type { Serde } from '../serdes/serde.ts'
import { packFrames, packHeaders, unpackFrames, unpackHeaders } from './frames.ts'
import { bytesOfKey, keyOfBytes, encodeTime, encodeInt } from './ordered-keys.ts'
import { defineOrdered, type Ordered } from './ordered.ts'

/** Records that wait for the rows of their time, as data: by time, key, and then as they came. */
export interface GraceBuffer<K, V> {
  readonly ordered: Ordered<Held<V>>
  readonly key: Serde<K>
}

type Held<V> = Pick<StreamRecord<unknown, V>, 'value' | 'headers'>

export interface OpenGraceBuffer<K, V> {
  readonly add: (record: StreamRecord<K, V>) => void
  /** Takes out what has waited up to this time. */
  readonly takeUpTo: (time: number) => readonly StreamRecord<K, V>[]
}

const TIME = 8
const SEQUENCE = 4

export function defineGraceBuffer<K, V> ({ name, key, value }: { readonly name: string, readonly key: Serde<K>, readonly value: Serde<V> }): GraceBuffer<K, V> {
  return Object.freeze({ ordered: defineOrdered({ name, value: held(value), contents: { shape: 'grace-buffer', key, value } }), key })
}

export function openGraceBuffer<K, V> (execution: Execution, { ordered, key: serde }: GraceBuffer<K, V>): OpenGraceBuffer<K, V> {
  const writer = execution.writer(ordered)
  const sequence = execution.time(`${ordered.name}:sequence`)
  return {
    add ({ key, value, timestamp, headers }) {
      sequence.set(sequence.get() + 1)
      writer.put(encodeTime(timestamp) + keyOfBytes(serde.encode(key)) + encodeInt(sequence.get()), { value, headers }, timestamp)
    },
    takeUpTo (time) {
      if (time < 0) return []
      const taken = [...writer.range('', encodeTime(time + 1))]
      for (const { key } of taken) writer.delete(key)
      return taken.map(({ key, value: { value, headers }, timestamp }) => ({ key: serde.decode(bytesOfKey(key.slice(TIME, -SEQUENCE))), value, timestamp, headers }))
    }
  }
}

function held<V> (value: Serde<V>): Serde<Held<V>> {
  return {
    name: `held(${value.name})`,
    encode: record => packFrames([value.encode(record.value), packHeaders(record.headers)]),
    decode (bytes) {
      const [encoded, headers] = unpackFrames(bytes)
      return { value: value.decode(encoded ?? Buffer.alloc(0)), headers: headers == null ? [] : unpackHeaders(headers) }
    }
  }
}
