import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DecodeError, type Serde } from '../../streams/index.ts'

export interface WireVector<T> {
  readonly value: T
  /** Written by Kafka's own class. */
  readonly hex: string
}

/** Each value is written as Kafka writes it, and read back. */
export function testWireVectors<T> (serde: Serde<T>, vectors: ReadonlyArray<WireVector<T>>): void {
  for (const { value, hex } of vectors) {
    const title = typeof value === 'object' ? JSON.stringify(value) : String(value)
    test(`${serde.name}: ${title.slice(0, 80)} is ${hex.slice(0, 80)} on the wire, both ways`, () => {
      assert.equal(serde.encode(value).toString('hex'), hex)
      assert.deepEqual(serde.decode(Buffer.from(hex, 'hex')), value)
    })
  }
}

export function assertRefused (serde: Serde<unknown>, hex: string, message: string | RegExp): void {
  assert.throws(() => serde.decode(Buffer.from(hex, 'hex')), (error: unknown) => {
    assert.ok(error instanceof DecodeError, String(error))
    if (typeof message === 'string') assert.equal(error.message, message)
    else assert.match(error.message, message)
    return true
  })
}
