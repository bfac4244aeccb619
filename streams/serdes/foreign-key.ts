import { ByteReader } from './byte-reader.ts'
import { int } from './integers.ts'
import type { Serde } from './serde.ts'

/** What the right side of a foreign-key join is to do about a row of the left side; its place is its byte on the wire. */
const instructions = [
  'delete-key-no-propagate',
  'delete-key-and-propagate',
  'propagate-null-if-no-fk-val-available',
  'propagate-only-if-fk-val-available'
] as const

export type Instruction = typeof instructions[number]

/** From left to right: this row of the left side refers to your key, or no longer does. */
export interface SubscriptionWrapper<K> {
  /** Of the left value, 16 bytes: the answer brings it back, so that one to an older value is known. Null without a value. */
  readonly hash: Buffer | null
  readonly instruction: Instruction
  readonly primaryKey: K
  /** Where the answer is to go. */
  readonly primaryPartition: number
}

/** From right to left: the value your row refers to. */
export interface SubscriptionResponseWrapper<V> {
  readonly originalValueHash: Buffer | null
  readonly foreignValue: V | null
  /** Where the asking row is; it chooses the partition of the answer and is not written into it. */
  readonly primaryPartition?: number
}

/** The key under which the right side remembers who refers to it: in byte order all rows of one foreign key stand together. */
export interface CombinedKey<FK, K> {
  readonly foreignKey: FK
  readonly primaryKey: K
}

export interface CombinedKeySerde<FK, K> extends Serde<CombinedKey<FK, K>> {
  /** What the keys of all rows that refer to `foreignKey` begin with, and no others. */
  prefix (foreignKey: FK): Buffer
}

const subscriptionVersion = 1
const responseVersion = 0
const withoutHash = 0x80

/** Version 1 of Kafka Streams' format. */
export function subscriptionWrapper<K> (primaryKey: Serde<K>): Serde<SubscriptionWrapper<K>> {
  return {
    name: `subscriptionWrapper(${primaryKey.name})`,
    decode (bytes) {
      const reader = new ByteReader(bytes, 'The subscription')
      const hashed = readVersion(reader, subscriptionVersion)
      const place = reader.byte()
      const instruction = instructions[place]
      if (instruction === undefined) throw reader.broken(`it has the instruction ${place}`)
      const hash = hashed ? readHash(reader) : null
      const key = primaryKey.decode(reader.take(reader.remaining - 4))
      return { hash, instruction, primaryKey: key, primaryPartition: reader.int() }
    },
    encode: message => Buffer.concat([
      Buffer.of(versionByte(subscriptionVersion, message.hash), instructions.indexOf(message.instruction)),
      hashBytes(message.hash),
      primaryKey.encode(message.primaryKey),
      int.encode(message.primaryPartition)
    ])
  }
}

/** Version 0 of Kafka Streams' format. In it a value without bytes is no value: an empty text comes back as null. */
export function subscriptionResponseWrapper<V> (foreignValue: Serde<V>): Serde<SubscriptionResponseWrapper<V>> {
  return {
    name: `subscriptionResponseWrapper(${foreignValue.name})`,
    decode (bytes) {
      const reader = new ByteReader(bytes, 'The response')
      const originalValueHash = readVersion(reader, responseVersion) ? readHash(reader) : null
      return { originalValueHash, foreignValue: reader.remaining === 0 ? null : foreignValue.decode(reader.take(reader.remaining)) }
    },
    encode: message => Buffer.concat([
      Buffer.of(versionByte(responseVersion, message.originalValueHash)),
      hashBytes(message.originalValueHash),
      message.foreignValue === null ? Buffer.alloc(0) : foreignValue.encode(message.foreignValue)
    ])
  }
}

export function combinedKey<FK, K> (foreignKey: Serde<FK>, primaryKey: Serde<K>): CombinedKeySerde<FK, K> {
  const prefix = (value: FK): Buffer => {
    const bytes = foreignKey.encode(value)
    return Buffer.concat([int.encode(bytes.length), bytes])
  }
  return {
    name: `combinedKey(${foreignKey.name}, ${primaryKey.name})`,
    decode (bytes) {
      const reader = new ByteReader(bytes, 'The combined key')
      return { foreignKey: foreignKey.decode(reader.take(reader.int())), primaryKey: primaryKey.decode(reader.take(reader.remaining)) }
    },
    encode: key => Buffer.concat([prefix(key.foreignKey), primaryKey.encode(key.primaryKey)]),
    prefix
  }
}

/** The version, and in the highest bit whether the hash is left out. */
function versionByte (version: number, hash: Buffer | null): number {
  return hash === null ? version | withoutHash : version
}

function readVersion (reader: ByteReader, version: number): boolean {
  const byte = reader.byte()
  const found = byte & ~withoutHash
  if (found !== version) throw reader.broken(`it has version ${found}, and ${version} is understood`)
  return (byte & withoutHash) === 0
}

function hashBytes (hash: Buffer | null): Buffer {
  if (hash === null) return Buffer.alloc(0)
  if (hash.length !== 16) throw new TypeError(`The hash of a value has 16 bytes, not ${hash.length}.`)
  return hash
}

function readHash (reader: ByteReader): Buffer {
  return reader.take(16)
}
