import { expectSize } from './decode-error.ts'
import type { Serde } from './serde.ts'

/** 2 bytes, big-endian, as Java's ShortSerializer writes them. */
export const short: Serde<number> = {
  name: 'short',
  decode (bytes) {
    expectSize(bytes, 2, 'A short')
    return bytes.readInt16BE()
  },
  encode (value) {
    expectInteger(value, 16, 'A short')
    const bytes = Buffer.allocUnsafe(2)
    bytes.writeInt16BE(value)
    return bytes
  }
}

/** 4 bytes, big-endian, as Java's IntegerSerializer writes them. */
export const int: Serde<number> = {
  name: 'int',
  decode (bytes) {
    expectSize(bytes, 4, 'An int')
    return bytes.readInt32BE()
  },
  encode (value) {
    expectInteger(value, 32, 'An int')
    const bytes = Buffer.allocUnsafe(4)
    bytes.writeInt32BE(value)
    return bytes
  }
}

function expectInteger (value: number, bits: number, what: string): void {
  const limit = 2 ** (bits - 1)
  if (!Number.isInteger(value) || value < -limit || value >= limit) {
    throw new RangeError(`${what} is a whole number from ${-limit} to ${limit - 1}, not ${value}.`)
  }
}
