import { DecodeError, expectSize } from './decode-error.ts'
import type { Serde } from './serde.ts'

/** One byte, as Java's BooleanSerializer writes it. */
export const boolean: Serde<boolean> = {
  name: 'boolean',
  decode (bytes) {
    expectSize(bytes, 1, 'A boolean')
    const [byte] = bytes
    if (byte !== 0 && byte !== 1) throw new DecodeError('decode', `A boolean is the byte 0 or 1, not ${byte}.`)
    return byte === 1
  },
  encode: value => Buffer.of(value ? 1 : 0)
}
