import type { Static, TSchema } from 'typebox'
import { messageOf } from '../errors.ts'
import { checked } from './checked.ts'
import { DecodeError } from './decode-error.ts'
import type { Serde } from './serde.ts'
import { decodeText } from './text.ts'

/** JSON of any shape; called with a schema, JSON of that shape. */
export interface JsonSerde extends Serde<unknown> {
  /** What does not fit the schema is refused when it is read. */
  <S extends TSchema>(schema: S): Serde<Static<S>>
}

export const json: JsonSerde = Object.freeze(Object.assign(
  function json<S extends TSchema> (schema: S): Serde<Static<S>> {
    return checked({ name: 'json', decode, encode }, schema)
  },
  { decode, encode }
))

function decode (bytes: Buffer): unknown {
  return parseJson(decodeText(bytes))
}

function encode (value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value), 'utf8')
}

function parseJson (source: string): unknown {
  try {
    return JSON.parse(source)
  } catch (error) {
    throw new DecodeError('json', `The value is not JSON: ${messageOf(error)}`)
  }
}
