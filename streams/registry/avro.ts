import { FatalError, messageOf } from '../errors.ts'
import { DecodeError } from '../serdes/decode-error.ts'
import type { Format } from './registry-serde.ts'

/** Records are read with the schema they were written with: fields as they were then. A union's value stands bare, as in JSON. */
export const avro: Format = {
  name: 'avro',
  codecFor ({ id, schema }) {
    if (!('fromBuffer' in schema)) throw new FatalError(`Schema ${id} is no Avro schema.`)
    return {
      decode (payload) {
        try {
          return schema.fromBuffer(payload)
        } catch (error) {
          throw new DecodeError('decode', `The value is not of the Avro schema ${id}: ${messageOf(error)}`)
        }
      },
      encode (value) {
        try {
          return schema.toBuffer(value)
        } catch (error) {
          throw new TypeError(`The value does not fit the Avro schema ${id}: ${messageOf(error)}`, { cause: error })
        }
      }
    }
  }
}
