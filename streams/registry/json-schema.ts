import { FatalError } from '../errors.ts'
import { DecodeError } from '../serdes/decode-error.ts'
import { json } from '../serdes/json.ts'
import type { Format } from './registry-serde.ts'

/** JSON that is checked against its schema, when it is read and when it is written. */
export const jsonSchema: Format = {
  name: 'json',
  codecFor ({ id, schema: validate }) {
    if (typeof validate !== 'function') throw new FatalError(`Schema ${id} is no JSON Schema.`)
    const mistakesIn = (value: unknown): string | undefined => validate(value)
      ? undefined
      : validate.errors?.map(({ instancePath, message }) => `${instancePath === '' ? 'value' : instancePath} ${message}`).join('; ')
    return {
      decode (payload) {
        const value = json.decode(payload)
        const mistakes = mistakesIn(value)
        if (mistakes !== undefined) throw new DecodeError('schema', `The value does not fit the JSON Schema ${id}: ${mistakes}`)
        return value
      },
      encode (value) {
        const mistakes = mistakesIn(value)
        if (mistakes !== undefined) throw new TypeError(`The value does not fit the JSON Schema ${id}: ${mistakes}`)
        return json.encode(value)
      }
    }
  }
}
