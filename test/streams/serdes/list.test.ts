import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DecodeError, serdes } from '../../../streams/index.ts'
import { assertRefused, testWireVectors } from '../../helpers/serdes.ts'

const { list } = serdes

testWireVectors(list(serdes.int), [
  { value: [1, 2], hex: '0000000000000000020000000100000002' },
  { value: [1, null, 3, null], hex: '00000000020000000100000003000000040000000100000003' },
  { value: [], hex: '000000000000000000' }
])
testWireVectors(list(serdes.short), [{ value: [1, -1], hex: '0000000000000000020001ffff' }])
testWireVectors(list(serdes.long), [{ value: [1, -1], hex: '0000000000000000020000000000000001ffffffffffffffff' }])
testWireVectors(list(serdes.float), [{ value: [1.5], hex: '0000000000000000013fc00000' }])
testWireVectors(list(serdes.double), [{ value: [1.5, null], hex: '000000000100000001000000023ff8000000000000' }])
testWireVectors(list(serdes.uuid), [{
  value: ['123e4567-e89b-12d3-a456-426614174000', null],
  hex: '0000000001000000010000000231323365343536372d653839622d313264332d613435362d343236363134313734303030'
}])
testWireVectors(list(serdes.boolean), [{ value: [true, null, false], hex: '01000000030000000101ffffffff0000000100' }])
testWireVectors(list(serdes.string), [
  { value: ['a', null, '', 'Größe'], hex: '01000000040000000161ffffffff00000000000000074772c3b6c39f65' },
  { value: [], hex: '0100000000' }
])
testWireVectors(list(list(serdes.int)), [{ value: [[1], []], hex: '01000000020000000d0000000000000000010000000100000009000000000000000000' }])

test('a list of bigints is a list of longs', () => {
  assert.deepEqual(list(serdes.bigint).encode([1n, null, -1n]), list(serdes.long).encode([1, null, -1]))
})

test('a list that breaks off, goes on behind its end or lies about its length is refused', () => {
  const ints = list(serdes.int)
  assertRefused(ints, '', 'The list is broken: 1 bytes are announced at byte 0, and 0 are there.')
  assertRefused(ints, '0100000000', 'The list is broken: its first byte is 1, and 0 begins a list of int.')
  assertRefused(list(serdes.string), '000000000000000000', 'The list is broken: its first byte is 0, and 1 begins a list of text.')
  assertRefused(ints, '00000000000000000200000001', 'The list is broken: 2 elements are announced, and 4 bytes follow.')
  assertRefused(ints, '00000000007fffffff', 'The list is broken: 2147483647 elements are announced, and 0 bytes follow.')
  assertRefused(list(serdes.string), '01ffffffff', 'The list is broken: -1 elements are announced, and 0 bytes follow.')
  assertRefused(ints, '0000000000000000010000000100', 'The list is broken: 1 bytes follow its end.')
  assertRefused(list(serdes.string), '0100000001fffffffe', 'The list is broken: -2 bytes are announced at byte 9, and 0 are there.')
})

test('whatever the bytes are, a list is read or refused, soon and with nothing else thrown', () => {
  const lists = [list(serdes.int), list(serdes.string), list(list(serdes.boolean))]
  const heads = fc.constantFrom('', '00', '01', '0000000001', '01000000', '0000000000')
  fc.assert(fc.property(heads, fc.uint8Array({ maxLength: 40 }), (head, tail) => {
    for (const serde of lists) {
      try {
        assert.ok(Array.isArray(serde.decode(Buffer.concat([Buffer.from(head, 'hex'), tail]))))
      } catch (error) {
        assert.ok(error instanceof DecodeError, String(error))
      }
    }
  }), { numRuns: 2_000 })
})
