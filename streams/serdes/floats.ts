import { expectSize } from './decode-error.ts'
import type { Serde } from './serde.ts'

/** 8 bytes of IEEE 754, big-endian, as Java's DoubleSerializer writes them: any number. */
export const double: Serde<number> = {
  name: 'double',
  decode (bytes) {
    expectSize(bytes, 8, 'A double')
    return bytes.readDoubleBE()
  },
  encode (value) {
    const bytes = Buffer.allocUnsafe(8)
    bytes.writeDoubleBE(value)
    return bytes
  }
}

/** 4 bytes of IEEE 754, big-endian, as Java's FloatSerializer writes them. Written is the nearest float. */
export const float: Serde<number> = {
  name: 'float',
  decode (bytes) {
    expectSize(bytes, 4, 'A float')
    return bytes.readFloatBE()
  },
  encode (value) {
    if (Number.isFinite(value) && !Number.isFinite(Math.fround(value))) throw new RangeError(`${value} is too large for a float.`)
    const bytes = Buffer.allocUnsafe(4)
    bytes.writeFloatBE(value)
    return bytes
  }
}
