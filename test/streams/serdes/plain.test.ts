import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serdes } from '../../../streams/index.ts'
import { assertRefused, testWireVectors } from '../../helpers/serdes.ts'

testWireVectors(serdes.boolean, [
  { value: true, hex: '01' },
  { value: false, hex: '00' }
])

testWireVectors(serdes.uuid, [
  { value: '123e4567-e89b-12d3-a456-426614174000', hex: '31323365343536372d653839622d313264332d613435362d343236363134313734303030' }
])

testWireVectors(serdes.string, [
  { value: 'key', hex: '6b6579' },
  { value: '', hex: '' },
  { value: 'Größe', hex: '4772c3b6c39f65' }
])

test('bytes stay the bytes they are', () => {
  const given = Buffer.from('00ff', 'hex')

  assert.equal(serdes.bytes.encode(given), given)
  assert.equal(serdes.bytes.decode(given), given)
})

test('a UUID in capitals is the same key as in small letters, as it is to Java', () => {
  const small = '123e4567-e89b-12d3-a456-426614174000'

  assert.equal(serdes.uuid.encode(small.toUpperCase()).toString(), small)
  assert.equal(serdes.uuid.decode(Buffer.from(small.toUpperCase())), small)
})

test('what is no UUID is neither read nor written', () => {
  assertRefused(serdes.uuid, '6b6579', "A UUID has 36 characters as in 123e4567-e89b-12d3-a456-426614174000; this is 'key'.")
  assert.throws(() => serdes.uuid.encode('key'), { name: 'TypeError', message: "'key' is no UUID." })
})

test('a boolean is one byte, 0 or 1', () => {
  assertRefused(serdes.boolean, '02', 'A boolean is the byte 0 or 1, not 2.')
  assertRefused(serdes.boolean, '', 'A boolean has 1 byte, not 0.')
  assertRefused(serdes.boolean, '0101', 'A boolean has 1 byte, not 2.')
})

test('bytes that are no UTF-8 are refused as text', () => {
  assertRefused(serdes.string, 'ff', 'The value is not UTF-8 (1 bytes).')
})
