import type { ByteReader } from './byte-reader.ts'

/** A length as Kafka writes a varint: zig-zag, seven bits a byte, the lowest first. */
export function encodeLength (length: number): Buffer {
  const bytes: number[] = []
  let rest = length * 2
  while (rest >= 0x80) {
    bytes.push(rest % 0x80 | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  return Buffer.of(...bytes, rest)
}

export function readLength (reader: ByteReader): number {
  let zigzag = 0
  for (let place = 1; place <= 2 ** 28; place *= 0x80) {
    const byte = reader.byte()
    zigzag += (byte & 0x7f) * place
    if (byte >= 0x80) continue
    if (zigzag % 2 === 1) throw reader.broken(`a length of ${-(zigzag + 1) / 2} is announced`)
    return zigzag / 2
  }
  throw reader.broken('a length of more than five bytes is announced')
}
