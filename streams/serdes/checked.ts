import type { Static, TSchema } from 'typebox'
import { contractOf } from '../graph/contract.ts'
import { DecodeError } from './decode-error.ts'
import { partitionBytesOf, type Serde } from './serde.ts'

/** A schema does not ask for the time of a record. */
const untimed = { timestamp: -1 }

/** Values of `inner` that fit a schema, with its type. Others are refused when read; what is written is the compiler's to check. */
export function checked<S extends TSchema> (inner: Serde<unknown>, schema: S): Serde<Static<S>> {
  const contract = contractOf(schema, inner.name)
  return {
    name: inner.name,
    decode (bytes) {
      const value = inner.decode(bytes)
      if (contract.accepts(value, untimed)) return value
      throw new DecodeError('schema', contract.explain(value, untimed).message)
    },
    encode: value => inner.encode(value),
    partitionBytes: value => partitionBytesOf(inner, value)
  }
}
