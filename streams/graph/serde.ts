import { isUtf8 } from 'node:buffer'

/** Bytes to values and back. */
export interface Serde<T> {
  readonly name: string
  /** Throws `DecodeError` for bytes that are no such value. */
  decode (bytes: Buffer): T
  encode (value: T): Buffer
}

/** decode: the bytes are no text · json: the text is no JSON. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError'
  readonly errorType: 'decode' | 'json'

  constructor (errorType: 'decode' | 'json', message: string) {
    super(message)
    this.errorType = errorType
  }
}

export const bytes: Serde<Buffer> = {
  name: 'bytes',
  decode: value => value,
  encode: value => value
}

export const text: Serde<string> = {
  name: 'text',
  decode: value => decodeText(value),
  encode: value => Buffer.from(value, 'utf8')
}

export const json: Serde<unknown> = {
  name: 'json',
  decode (value) {
    const source = decodeText(value)
    try {
      return JSON.parse(source)
    } catch (error) {
      throw new DecodeError('json', `The value is not JSON: ${error instanceof Error ? error.message : String(error)}`)
    }
  },
  encode: value => Buffer.from(JSON.stringify(value), 'utf8')
}

function decodeText (value: Buffer): string {
  if (!isUtf8(value)) throw new DecodeError('decode', `The value is not UTF-8 (${value.length} bytes).`)
  return value.toString('utf8')
}
