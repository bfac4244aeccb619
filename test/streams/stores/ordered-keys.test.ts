import { equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { frameOf, bytesOfKey, decodeTime, keyOfBytes, encodeTime } from '../../../streams/stores/ordered-keys.ts'

const order = (a: string, b: string) => a < b ? -1 : a > b ? 1 : 0
/** Few bytes, so that keys that begin alike and end in zeros come up. */
const key = fc.array(fc.constantFrom(0, 1, 97, 255), { maxLength: 5 }).map(bytes => Buffer.from(bytes))

test('closed keys are in the order of their bytes, and none is the beginning of another', () => {
  fc.assert(fc.property(key, key, (a, b) => {
    equal(order(frameOf(a), frameOf(b)), Buffer.compare(a, b))
    if (!a.equals(b)) ok(!frameOf(a).startsWith(frameOf(b)))
  }), { numRuns: 2_000 })
})

test('times are in order as keys, and come back from them', () => {
  const time = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
  fc.assert(fc.property(time, time, (a, b) => {
    equal(order(encodeTime(a), encodeTime(b)), Math.sign(a - b))
    equal(decodeTime(encodeTime(a), 0), a)
  }))
})

test('a time beyond what a number counts to stands behind all others', () => {
  ok(encodeTime(Infinity) >= encodeTime(Number.MAX_SAFE_INTEGER))
})

test('raw keys come back as the bytes they were', () => {
  fc.assert(fc.property(fc.uint8Array(), bytes => equal(Buffer.compare(bytesOfKey(keyOfBytes(Buffer.from(bytes))), bytes), 0)))
})
