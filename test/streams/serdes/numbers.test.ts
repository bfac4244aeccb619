import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { serdes } from '../../../streams/index.ts'
import { assertRefused, testWireVectors } from '../../helpers/serdes.ts'

testWireVectors(serdes.short, [
  { value: 1, hex: '0001' },
  { value: -2, hex: 'fffe' },
  { value: 32767, hex: '7fff' }
])

testWireVectors(serdes.int, [
  { value: 1, hex: '00000001' },
  { value: -2, hex: 'fffffffe' },
  { value: -2147483648, hex: '80000000' }
])

const longs = [
  { value: 1, hex: '0000000000000001' },
  { value: -1, hex: 'ffffffffffffffff' },
  { value: -2, hex: 'fffffffffffffffe' },
  { value: 2 ** 32, hex: '0000000100000000' },
  { value: -(2 ** 32), hex: 'ffffffff00000000' },
  { value: 1_790_000_000_000, hex: '000001a0c4506c00' },
  { value: Number.MAX_SAFE_INTEGER, hex: '001fffffffffffff' },
  { value: Number.MIN_SAFE_INTEGER, hex: 'ffe0000000000001' }
]
testWireVectors(serdes.long, longs)

testWireVectors(serdes.bigint, [
  ...longs.map(({ value, hex }) => ({ value: BigInt(value), hex })),
  { value: 2n ** 53n, hex: '0020000000000000' },
  { value: 2n ** 63n - 1n, hex: '7fffffffffffffff' },
  { value: -(2n ** 63n), hex: '8000000000000000' }
])

testWireVectors(serdes.double, [
  { value: 1.5, hex: '3ff8000000000000' },
  { value: -0, hex: '8000000000000000' },
  { value: 0.1, hex: '3fb999999999999a' },
  { value: Number.MIN_VALUE, hex: '0000000000000001' },
  { value: Infinity, hex: '7ff0000000000000' },
  { value: NaN, hex: '7ff8000000000000' }
])

testWireVectors(serdes.float, [
  { value: 1.5, hex: '3fc00000' },
  { value: Math.fround(0.1), hex: '3dcccccd' },
  { value: -Infinity, hex: 'ff800000' },
  { value: NaN, hex: '7fc00000' }
])

test('every number within 2^53 survives a long, and comes out as the bytes of a bigint', () => {
  fc.assert(fc.property(fc.maxSafeInteger(), value => {
    const bytes = serdes.long.encode(value)

    assert.deepEqual(bytes, serdes.bigint.encode(BigInt(value)))
    assert.equal(serdes.long.decode(bytes), value)
  }))
})

test('a long beyond 2^53 is refused, never rounded, whoever wrote it', () => {
  assertRefused(serdes.long, '0020000000000000', "The long 9007199254740992 is beyond 2^53, where a number is not exact; the serde 'bigint' reads it.")
  for (const hex of ['0020000000000001', 'ffe0000000000000', '7fffffffffffffff', '8000000000000000']) assertRefused(serdes.long, hex, /beyond 2\^53/)
})

test('a number that is no long, or not exactly, is not written', () => {
  for (const value of [2 ** 53, -(2 ** 53), 1.5, NaN, Infinity]) {
    assert.throws(() => serdes.long.encode(value), { name: 'RangeError', message: `A long is written from a whole number within 2^53, not from ${value}; the serde 'bigint' writes larger ones.` })
  }
  for (const value of [2n ** 63n, -(2n ** 63n) - 1n]) assert.throws(() => serdes.bigint.encode(value), { name: 'RangeError', message: `A long has 64 bits; ${value} needs more.` })
})

test('an int or a short that has too many digits, or a fraction, is not written', () => {
  for (const value of [2 ** 31, -(2 ** 31) - 1, 0.5, NaN]) {
    assert.throws(() => serdes.int.encode(value), { name: 'RangeError', message: `An int is a whole number from -2147483648 to 2147483647, not ${value}.` })
  }
  for (const value of [2 ** 15, -(2 ** 15) - 1, 0.5]) {
    assert.throws(() => serdes.short.encode(value), { name: 'RangeError', message: `A short is a whole number from -32768 to 32767, not ${value}.` })
  }
})

test('a number is written as the nearest float, and refused where there is none', () => {
  assert.equal(serdes.float.encode(0.1).toString('hex'), '3dcccccd')
  assert.equal(serdes.float.encode(3.4028235e38).toString('hex'), '7f7fffff')
  assert.throws(() => serdes.float.encode(1e39), { name: 'RangeError', message: '1e+39 is too large for a float.' })
})

test('a number with the wrong count of bytes is refused with both counts', () => {
  assertRefused(serdes.short, '00', 'A short has 2 bytes, not 1.')
  assertRefused(serdes.int, '0000000000000001', 'An int has 4 bytes, not 8.')
  assertRefused(serdes.long, '00000001', 'A long has 8 bytes, not 4.')
  assertRefused(serdes.bigint, '', 'A long has 8 bytes, not 0.')
  assertRefused(serdes.float, '3ff8000000000000', 'A float has 4 bytes, not 8.')
  assertRefused(serdes.double, '3fc00000', 'A double has 8 bytes, not 4.')
})
