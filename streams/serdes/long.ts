import { DecodeError, expectSize } from './decode-error.ts'
import type { Serde } from './serde.ts'

const high = 2 ** 32

/**
 * 8 bytes, big-endian, as Java's LongSerializer writes them, as a number. A number holds whole numbers exactly up to 2^53;
 * what lies beyond is refused both ways, never rounded: `bigint` holds all of them.
 */
export const long: Serde<number> = {
  name: 'long',
  decode (bytes) {
    expectSize(bytes, 8, 'A long')
    return readLong(bytes, 0)
  },
  encode (value) {
    const bytes = Buffer.allocUnsafe(8)
    writeLong(bytes, value, 0)
    return bytes
  }
}

/** All longs of Java, in the same 8 bytes. */
export const bigint: Serde<bigint> = {
  name: 'bigint',
  decode (bytes) {
    expectSize(bytes, 8, 'A long')
    return bytes.readBigInt64BE()
  },
  encode (value) {
    if (BigInt.asIntN(64, value) !== value) throw new RangeError(`A long has 64 bits; ${value} needs more.`)
    const bytes = Buffer.allocUnsafe(8)
    bytes.writeBigInt64BE(value)
    return bytes
  }
}

export function readLong (bytes: Buffer, at: number): number {
  const value = bytes.readInt32BE(at) * high + bytes.readUInt32BE(at + 4)
  if (Number.isSafeInteger(value)) return value
  throw new DecodeError('decode', `The long ${bytes.readBigInt64BE(at)} is beyond 2^53, where a number is not exact; the serde 'bigint' reads it.`)
}

export function writeLong (bytes: Buffer, value: number, at: number): void {
  if (!Number.isSafeInteger(value)) {
    throw new RangeError(`A long is written from a whole number within 2^53, not from ${value}; the serde 'bigint' writes larger ones.`)
  }
  bytes.writeInt32BE(Math.floor(value / high), at)
  bytes.writeUInt32BE(value >>> 0, at + 4)
}
