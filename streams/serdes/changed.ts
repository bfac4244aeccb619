import type { Change } from '../graph/change.ts'
import { ByteReader } from './byte-reader.ts'
import { DecodeError } from './decode-error.ts'
import type { Serde } from './serde.ts'
import { encodeLength, readLength } from './varint.ts'

const onlyOld = 0
const onlyNew = 1
const newThenOld = 2

/** A table's change in the format of Kafka Streams' repartition topics: the values, then a byte that says which they are. */
export function changed<V> (inner: Serde<V>): Serde<Change<V>> {
  return {
    name: `changed(${inner.name})`,
    decode: bytes => decode(bytes, inner),
    encode ({ newValue, oldValue }) {
      const added = newValue === null ? null : inner.encode(newValue)
      const removed = oldValue === null ? null : inner.encode(oldValue)
      if (added !== null && removed !== null) return Buffer.concat([encodeLength(added.length), added, removed, Buffer.of(newThenOld)])
      if (added !== null) return Buffer.concat([added, Buffer.of(onlyNew)])
      if (removed !== null) return Buffer.concat([removed, Buffer.of(onlyOld)])
      throw new TypeError('A change has a new value, an old one or both; this one has neither.')
    }
  }
}

function decode<V> (bytes: Buffer, inner: Serde<V>): Change<V> {
  const flag = bytes.at(-1)
  const values = bytes.subarray(0, -1)
  if (flag === onlyOld) return { newValue: null, oldValue: inner.decode(values), isLatest: true }
  if (flag === onlyNew) return { newValue: inner.decode(values), oldValue: null, isLatest: true }
  if (flag !== newThenOld) throw new DecodeError('decode', `A change ends with the byte 0, 1 or 2; this one ${flag === undefined ? 'is empty' : `ends with ${flag}`}.`)
  const reader = new ByteReader(values, 'The change')
  return { newValue: inner.decode(reader.take(readLength(reader))), oldValue: inner.decode(reader.take(reader.remaining)), isLatest: true }
}
