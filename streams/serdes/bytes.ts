import type { Serde } from './serde.ts'

/** Bytes as they are. */
export const bytes: Serde<Buffer> = {
  name: 'bytes',
  decode: value => value,
  encode: value => value
}
