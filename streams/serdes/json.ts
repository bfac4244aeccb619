import type { Static, TSchema } from 'typebox'
import { contractOf } from '../graph/contract.ts'
import { messageOf } from '../errors.ts'
import { DecodeError } from './decode-error.ts'
import type { Serde } from './serde.ts'
import { decodeText } from './text.ts'

/** JSON of any shape; called with a schema, JSON of that shape. */
export interface JsonSerde extends Serde<unknown> {
  /** What does not fit the schema is refused when it is read. What is written is the compiler's to check. */
  <S extends TSchema>(schema: S): Serde<Static<S>>
}

export const json: JsonSerde = Object.freeze(Object.assign(
  function json<S extends TSchema> (schema: S): Serde<Static<S>> {
    const contract = contractOf(schema, 'json')
    return {
      name: 'json',
      decode (bytes) {
        const value = decode(bytes)
        if (contract.accepts(value, untimed)) return value
        throw new DecodeError('schema', contract.explain(value, untimed).message)
      },
      encode
    }
  },
  { decode, encode }
))

/** A schema does not ask for the time of a record. */
const untimed = { timestamp: -1 }

function decode (bytes: Buffer): unknown {
  const source = decodeText(bytes)
  try {
    return JSON.parse(source)
  } catch (error) {
    throw new DecodeError('json', `The value is not JSON: ${messageOf(error)}`)
  }
}

function encode (value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value), 'utf8')
}
