import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { behind, bytesOfFrame, decodeTime, encodeInt, encodeTime, frameOf } from '../../../streams/stores/ordered-keys.ts'

const key = fc.array(fc.constantFrom(0, 1, 2, 0xfe, 0xff), { maxLength: 6 }).map(bytes => Buffer.from(bytes))
const compare = (one: string, other: string): number => one < other ? -1 : one > other ? 1 : 0

test('frames sort as their keys do, whatever stands behind them', () => {
  fc.assert(fc.property(key, key, fc.nat(), fc.nat(), (one, other, first, second) => {
    const expected = Buffer.compare(one, other)
    const found = compare(frameOf(one) + encodeTime(first), frameOf(other) + encodeTime(second))
    assert.equal(found, expected === 0 ? Math.sign(first - second) : expected)
  }))
})

test('a range over a frame finds the entries of its key and nobody else\'s', () => {
  fc.assert(fc.property(key, key, fc.nat(), (one, other, time) => {
    const place = frameOf(other) + encodeTime(time)
    assert.equal(place >= frameOf(one) && place < behind(frameOf(one)), one.equals(other))
  }))
})

test('what was encoded is decoded', () => {
  fc.assert(fc.property(key, fc.maxSafeNat(), (bytes, time) => {
    assert.deepEqual(bytesOfFrame(frameOf(bytes)), bytes)
    assert.equal(decodeTime(encodeTime(time), 0), time)
  }))
})

test('times and numbers sort as they count', () => {
  fc.assert(fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (one, other) => {
    assert.equal(compare(encodeTime(one), encodeTime(other)), Math.sign(one - other))
  }))
  assert.ok(encodeInt(255) < encodeInt(256) && encodeInt(65_535) < encodeInt(0x7fff_ffff))
})

test('a time beyond what a number counts to stands behind all others', () => {
  assert.ok(encodeTime(Infinity) >= encodeTime(Number.MAX_SAFE_INTEGER))
})
