/** decode: the bytes are no such value · json: the text is no JSON · schema: the value breaks its schema. */
export type DecodeErrorType = 'decode' | 'json' | 'schema'

/** What came is no value of its serde. The record is rejected with this sentence. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError'
  readonly errorType: DecodeErrorType

  constructor (errorType: DecodeErrorType, message: string) {
    super(message)
    this.errorType = errorType
  }
}

/** For types whose values all have the same number of bytes. */
export function expectSize (bytes: Buffer, size: number, what: string): void {
  if (bytes.length !== size) throw new DecodeError('decode', `${what} has ${size} ${size === 1 ? 'byte' : 'bytes'}, not ${bytes.length}.`)
}
