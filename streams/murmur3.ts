const seed = 104_729

/**
 * Kafka Streams' hash of a value, `Murmur3.hash128`: 16 bytes, both longs big-endian, as they go over the wire. On halves of
 * 32 bits, since it is made for each record of a foreign-key join and BigInt takes four times as long.
 */
export function hash128 (data: Buffer): Buffer {
  const h1 = new Long(0, seed)
  const h2 = new Long(0, seed)
  const whole = data.length & ~15
  for (let at = 0; at < whole; at += 16) {
    h1.xor(scramble1(readLong(data, at))).rotate(27).add(h2).multiply(0, 5).add(increment1)
    h2.xor(scramble2(readLong(data, at + 8))).rotate(31).add(h1).multiply(0, 5).add(increment2)
  }
  if (data.length - whole > 8) h2.xor(scramble2(readLong(data, whole + 8)))
  if (data.length > whole) h1.xor(scramble1(readLong(data, whole)))

  const length = new Long(0, data.length)
  h1.xor(length)
  h2.xor(length)
  h1.add(h2)
  h2.add(h1)
  finish(h1)
  finish(h2)
  h1.add(h2)
  h2.add(h1)
  return toBytes(h1, h2)
}

/** A long of Java in two halves; the operations change it in place. */
class Long {
  high: number
  low: number

  constructor (high: number, low: number) {
    this.high = high
    this.low = low
  }

  xor (other: Long): this {
    this.high ^= other.high
    this.low ^= other.low
    return this
  }

  add (other: Long): this {
    const low = (this.low >>> 0) + (other.low >>> 0)
    this.high = (this.high + other.high + (low > 0xffffffff ? 1 : 0)) | 0
    this.low = low | 0
    return this
  }

  multiply (high: number, low: number): this {
    this.high = Math.imul(this.high, low) + Math.imul(this.low, high) + highProduct(this.low, low) | 0
    this.low = Math.imul(this.low, low)
    return this
  }

  /** To the left, by 1 to 63 bits, 32 left out. */
  rotate (bits: number): this {
    const high = bits < 32 ? this.high : this.low
    const low = bits < 32 ? this.low : this.high
    const by = bits & 31
    this.high = high << by | low >>> (32 - by)
    this.low = low << by | high >>> (32 - by)
    return this
  }
}

const increment1 = new Long(0, 0x52dce729)
const increment2 = new Long(0, 0x38495ab5)

function scramble1 (word: Long): Long {
  return word.multiply(0x87c37b91, 0x114253d5).rotate(31).multiply(0x4cf5ad43, 0x2745937f)
}

function scramble2 (word: Long): Long {
  return word.multiply(0x4cf5ad43, 0x2745937f).rotate(33).multiply(0x87c37b91, 0x114253d5)
}

function finish (hash: Long): void {
  // Shifted by 33 bits, only the high half is left, in the low one's place.
  hash.low ^= hash.high >>> 1
  hash.multiply(0xff51afd7, 0xed558ccd)
  hash.low ^= hash.high >>> 1
  hash.multiply(0xc4ceb9fe, 0x1a85ec53)
  hash.low ^= hash.high >>> 1
}

/** The upper 32 of the 64 bits of a product. */
function highProduct (a: number, b: number): number {
  const aHigh = a >>> 16
  const aLow = a & 0xffff
  const bHigh = b >>> 16
  const bLow = b & 0xffff
  // Neither sum exceeds 32 bits, so `>>>` sees all of it.
  const middle = aHigh * bLow + (aLow * bLow >>> 16)
  const other = aLow * bHigh + (middle & 0xffff)
  return aHigh * bHigh + (middle >>> 16) + (other >>> 16)
}

/** Little-endian; what lies beyond the end is 0. */
function readLong (data: Buffer, at: number): Long {
  if (at + 8 <= data.length) return new Long(data.readInt32LE(at + 4), data.readInt32LE(at))
  const padded = Buffer.alloc(8)
  data.copy(padded, 0, at)
  return readLong(padded, 0)
}

function toBytes (h1: Long, h2: Long): Buffer {
  const bytes = Buffer.allocUnsafe(16)
  bytes.writeInt32BE(h1.high, 0)
  bytes.writeInt32BE(h1.low, 4)
  bytes.writeInt32BE(h2.high, 8)
  bytes.writeInt32BE(h2.low, 12)
  return bytes
}
