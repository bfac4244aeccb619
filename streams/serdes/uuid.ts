import { DecodeError } from './decode-error.ts'
import type { Serde } from './serde.ts'
import { decodeText } from './text.ts'

const form = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/**
 * The text of a UUID, as Java's UUIDSerializer writes it. Small letters both ways, whatever came: to Java the same UUID in
 * capitals is the same key.
 */
export const uuid: Serde<string> = {
  name: 'uuid',
  decode (bytes) {
    const value = decodeText(bytes)
    if (!form.test(value)) throw new DecodeError('decode', `A UUID has 36 characters as in 123e4567-e89b-12d3-a456-426614174000; this is '${shortened(value)}'.`)
    return value.toLowerCase()
  },
  encode (value) {
    if (!form.test(value)) throw new TypeError(`'${shortened(value)}' is no UUID.`)
    return Buffer.from(value.toLowerCase(), 'utf8')
  }
}

function shortened (value: string): string {
  return value.length > 40 ? `${value.slice(0, 40)}…` : value
}
