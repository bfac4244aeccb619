import { equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { closedKey, fromRawKey, fromTimeKey, rawKey, timeKey } from '../../../streams/stores/ordered-key.ts'

const order = (a: string, b: string) => a < b ? -1 : a > b ? 1 : 0
/** Few bytes, so that keys that begin alike and end in zeros come up. */
const key = fc.array(fc.constantFrom(0, 1, 97, 255), { maxLength: 5 }).map(bytes => Buffer.from(bytes))

test('closed keys are in the order of their bytes, and none is the beginning of another', () => {
  fc.assert(fc.property(key, key, (a, b) => {
    equal(order(closedKey(a), closedKey(b)), Buffer.compare(a, b))
    if (!a.equals(b)) ok(!closedKey(a).startsWith(closedKey(b)))
  }), { numRuns: 2_000 })
})

test('times are in order as keys, and come back from them', () => {
  const time = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
  fc.assert(fc.property(time, time, (a, b) => {
    equal(order(timeKey(a), timeKey(b)), Math.sign(a - b))
    equal(fromTimeKey(timeKey(a)), a)
  }))
})

test('a time beyond what a number counts to stands behind all others', () => {
  ok(timeKey(Infinity) >= timeKey(Number.MAX_SAFE_INTEGER))
})

test('raw keys come back as the bytes they were', () => {
  fc.assert(fc.property(fc.uint8Array(), bytes => equal(Buffer.compare(fromRawKey(rawKey(Buffer.from(bytes))), bytes), 0)))
})
