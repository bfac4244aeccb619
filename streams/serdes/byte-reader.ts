import { DecodeError } from './decode-error.ts'

/** Reads a composed value part by part, and says where it breaks off. */
export class ByteReader {
  readonly #bytes: Buffer
  readonly #what: string
  #at = 0

  /** `what` names the value at the head of a sentence: "The list". */
  constructor (bytes: Buffer, what: string) {
    this.#bytes = bytes
    this.#what = what
  }

  get remaining (): number {
    return this.#bytes.length - this.#at
  }

  byte (): number {
    return this.take(1).readUInt8()
  }

  int (): number {
    return this.take(4).readInt32BE()
  }

  take (count: number): Buffer {
    if (count < 0 || count > this.remaining) {
      throw this.broken(`${count} bytes are announced at byte ${this.#at}, and ${this.remaining} are there`)
    }
    this.#at += count
    return this.#bytes.subarray(this.#at - count, this.#at)
  }

  expectEnd (): void {
    if (this.remaining > 0) throw this.broken(`${this.remaining} bytes follow its end`)
  }

  broken (how: string): DecodeError {
    return new DecodeError('decode', `${this.#what} is broken: ${how}.`)
  }
}
