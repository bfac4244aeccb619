import assert from 'node:assert/strict'
import { test } from 'node:test'
import Type from 'typebox'
import { printWindowed, serdes } from '../../../streams/index.ts'
import { partitionBytesOf } from '../../../streams/serdes/serde.ts'
import { assertRefused, testWireVectors } from '../../helpers/serdes.ts'

const { timeWindowed, sessionWindowed } = serdes

testWireVectors(timeWindowed(serdes.string, 1_000), [
  { value: { key: 'key', window: { start: 1_000, end: 2_000 } }, hex: '6b657900000000000003e8' }
])
testWireVectors(timeWindowed(serdes.long, 60_000), [
  { value: { key: 7, window: { start: 0, end: 60_000 } }, hex: '00000000000000070000000000000000' }
])
testWireVectors(sessionWindowed(serdes.string), [
  { value: { key: 'key', window: { start: 1_000, end: 2_000 } }, hex: '6b657900000000000007d000000000000003e8' },
  { value: { key: 'k', window: { start: 5, end: 5 } }, hex: '6b00000000000000050000000000000005' }
])

test('all windows of a key are partitioned by the bytes of the key alone', () => {
  const value = { key: 'key', window: { start: 1_000, end: 2_000 } }

  assert.equal(partitionBytesOf(timeWindowed(serdes.string, 1_000), value).toString('hex'), '6b6579')
  assert.equal(partitionBytesOf(sessionWindowed(serdes.string), value).toString('hex'), '6b6579')
})

test('a key that is in no window is partitioned by all of its bytes', () => {
  assert.equal(partitionBytesOf(serdes.int, 1).toString('hex'), '00000001')
})

test('checked windowed keys are partitioned as others are', () => {
  const keys = serdes.checked(timeWindowed(serdes.string, 1_000), Type.Object({ key: Type.String(), window: Type.Object({ start: Type.Integer(), end: Type.Integer() }) }))

  assert.equal(partitionBytesOf(keys, { key: 'key', window: { start: 1_000, end: 2_000 } }).toString('hex'), '6b6579')
})

test('a window without an end is read up to the last whole number', () => {
  const read = timeWindowed(serdes.string, Number.MAX_SAFE_INTEGER).decode(Buffer.from('6b00000000000003e8', 'hex'))

  assert.deepEqual(read.window, { start: 1_000, end: Number.MAX_SAFE_INTEGER })
})

test('bytes that hold no window are refused', () => {
  assertRefused(timeWindowed(serdes.string, 1_000), '6b6579', 'A windowed key ends with the 8 bytes of its window; this one has 3 in all.')
  assertRefused(sessionWindowed(serdes.string), '00000000000003e8', 'A windowed key ends with the 16 bytes of its window; this one has 8 in all.')
  assertRefused(timeWindowed(serdes.string, 1_000), 'ffffffffffffffff', 'A window from -1 to 999 is none: it begins at 0 or later and ends after that.')
  assertRefused(sessionWindowed(serdes.string), '00000000000003e800000000000007d0', 'A window from 2000 to 1000 is none: it begins at 0 or later and ends after that.')
})

test('windows have a size', () => {
  for (const sizeMs of [0, -1, 1.5, NaN]) {
    assert.throws(() => timeWindowed(serdes.string, sizeMs), { name: 'RangeError', message: `A window's size is a whole number of ms above 0, not ${sizeMs}.` })
  }
})

test('a windowed key is printed as Kafka Streams prints it', () => {
  assert.equal(printWindowed({ key: 'key', window: { start: 1_000, end: 2_000 } }), '[key@1000/2000]')
})
