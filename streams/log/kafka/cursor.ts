/**
 * Reads the wire format from one contiguous buffer, as numbers. The client's own reader walks a list of chunks on every
 * read (quadratic in a large answer) and makes a bigint of every offset.
 */
export class Cursor {
  readonly buffer: Buffer
  position: number

  constructor (buffer: Buffer, position = 0) {
    this.buffer = buffer
    this.position = position
  }

  skip (bytes: number): void {
    this.position += bytes
  }

  int8 (): number {
    return this.buffer.readInt8(this.position++)
  }

  int16 (): number {
    const value = this.buffer.readInt16BE(this.position)
    this.position += 2
    return value
  }

  int32 (): number {
    const value = this.buffer.readInt32BE(this.position)
    this.position += 4
    return value
  }

  /** Exact below 2^53, which offsets, timestamps and producer ids are. */
  int64 (): number {
    const value = this.buffer.readInt32BE(this.position) * 0x1_0000_0000 + this.buffer.readUInt32BE(this.position + 4)
    this.position += 8
    return value
  }

  uuid (): string {
    const hex = this.bytes(16).toString('hex')
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
  }

  unsignedVarint (): number {
    let byte = this.buffer.readUInt8(this.position++)
    if (byte < 0x80) return byte
    let value = byte & 0x7f
    for (let scale = 0x80; byte >= 0x80; scale *= 0x80) {
      byte = this.buffer.readUInt8(this.position++)
      value += (byte & 0x7f) * scale
    }
    return value
  }

  /** Zigzag; arithmetic instead of bits, since timestamps need more than 32. */
  varint (): number {
    const value = this.unsignedVarint()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  /** A view, not a copy. */
  varintBytes (): Buffer | null {
    const length = this.varint()
    return length < 0 ? null : this.bytes(length)
  }

  bytes (length: number): Buffer {
    if (this.position + length > this.buffer.length) throw new RangeError(`${length} bytes wanted at ${this.position} of ${this.buffer.length}`)
    this.position += length
    return this.buffer.subarray(this.position - length, this.position)
  }

  /** Compact arrays write their length plus one; null reads as empty. */
  * array (): Generator<number> {
    const length = this.unsignedVarint() - 1
    for (let i = 0; i < length; i++) yield i
  }

  /** Optional fields of newer brokers. */
  skipTags (): void {
    for (let tags = this.unsignedVarint(); tags > 0; tags--) {
      this.unsignedVarint()
      this.skip(this.unsignedVarint())
    }
  }
}
