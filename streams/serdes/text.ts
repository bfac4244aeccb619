import { isUtf8 } from 'node:buffer'
import { DecodeError } from './decode-error.ts'
import type { Serde } from './serde.ts'

/** UTF-8 text, as Java's StringSerializer writes it. */
export const text: Serde<string> = {
  name: 'text',
  decode: value => decodeText(value),
  encode: value => Buffer.from(value, 'utf8')
}

export function decodeText (value: Buffer): string {
  if (!isUtf8(value)) throw new DecodeError('decode', `The value is not UTF-8 (${value.length} bytes).`)
  return value.toString('utf8')
}
