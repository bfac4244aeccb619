/** Numbers in headers, as Spring writes them (big-endian) and as everybody else does (decimal text). What is read is untrusted. */

export function int32 (value: number): Buffer {
  const buffer = Buffer.allocUnsafe(4)
  buffer.writeInt32BE(value)
  return buffer
}

export function int64 (value: number): Buffer {
  const buffer = Buffer.allocUnsafe(8)
  buffer.writeBigInt64BE(BigInt(value))
  return buffer
}

/** A whole number from 0 up; undefined for anything else. */
export function readDecimal (bytes: Buffer | undefined): number | undefined {
  if (bytes === undefined || bytes.length > MAX_DIGITS) return undefined
  const text = bytes.toString('latin1')
  return /^\d+$/.test(text) ? wholeOrNothing(Number(text)) : undefined
}

/** Spring's: of one, four or eight bytes; else decimal text. */
export function readBinary (bytes: Buffer | undefined): number | undefined {
  switch (bytes?.length) {
    case 1: return bytes.readInt8() >= '0'.charCodeAt(0) ? readDecimal(bytes) : wholeOrNothing(bytes.readInt8())
    case 4: return wholeOrNothing(bytes.readInt32BE())
    case 8: return wholeOrNothing(Number(bytes.readBigInt64BE()))
    default: return readDecimal(bytes)
  }
}

/** As many as the largest safe integer has. */
const MAX_DIGITS = 16

function wholeOrNothing (value: number): number | undefined {
  return Number.isSafeInteger(value) && value >= 0 ? value : undefined
}
