import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serdes } from '../../../streams/index.ts'
import { hash128 } from '../../../streams/murmur3.ts'
import { combinedKey, subscriptionResponseWrapper, subscriptionWrapper } from '../../../streams/serdes/foreign-key.ts'
import { assertRefused, testWireVectors } from '../../helpers/serdes.ts'

const hash = hash128(Buffer.from('value'))
const hashHex = '2e7425dec1f8bcdf51e014f04aa41568'

const subscription = subscriptionWrapper(serdes.string)
testWireVectors(subscription, [
  { value: { hash, instruction: 'delete-key-no-propagate', primaryKey: 'pk', primaryPartition: 3 }, hex: `0100${hashHex}706b00000003` },
  { value: { hash, instruction: 'delete-key-and-propagate', primaryKey: 'pk', primaryPartition: 3 }, hex: `0101${hashHex}706b00000003` },
  { value: { hash, instruction: 'propagate-null-if-no-fk-val-available', primaryKey: 'pk', primaryPartition: 3 }, hex: `0102${hashHex}706b00000003` },
  { value: { hash, instruction: 'propagate-only-if-fk-val-available', primaryKey: 'pk', primaryPartition: 3 }, hex: `0103${hashHex}706b00000003` },
  { value: { hash: null, instruction: 'delete-key-and-propagate', primaryKey: 'pk', primaryPartition: -1 }, hex: '8101706bffffffff' }
])

const response = subscriptionResponseWrapper(serdes.string)
testWireVectors(response, [
  { value: { originalValueHash: hash, foreignValue: 'fv' }, hex: `00${hashHex}6676` },
  { value: { originalValueHash: hash, foreignValue: null }, hex: `00${hashHex}` },
  { value: { originalValueHash: null, foreignValue: 'fv' }, hex: '806676' },
  { value: { originalValueHash: null, foreignValue: null }, hex: '80' }
])

testWireVectors(combinedKey(serdes.string, serdes.string), [
  { value: { foreignKey: 'fk', primaryKey: 'pk1' }, hex: '00000002666b706b31' },
  { value: { foreignKey: '', primaryKey: 'pk1' }, hex: '00000000706b31' }
])
testWireVectors(combinedKey(serdes.long, serdes.int), [
  { value: { foreignKey: 7, primaryKey: 5 }, hex: '00000008000000000000000700000005' }
])

test('the rows of one foreign key begin with its prefix, those of a longer one do not', () => {
  const keys = combinedKey(serdes.string, serdes.string)
  const prefix = keys.prefix('fk')

  assert.equal(prefix.toString('hex'), '00000002666b')
  assert.ok(keys.encode({ foreignKey: 'fk', primaryKey: 'k' }).subarray(0, prefix.length).equals(prefix))
  assert.ok(!keys.encode({ foreignKey: 'fkk', primaryKey: '' }).subarray(0, prefix.length).equals(prefix))
})

test('messages of another version, or broken ones, are refused', () => {
  assertRefused(subscription, `0000${hashHex}706b`, 'The subscription is broken: it has version 0, and 1 is understood.')
  assertRefused(subscription, '8104706b00000000', 'The subscription is broken: it has the instruction 4.')
  assertRefused(subscription, '8101706b', 'The subscription is broken: -2 bytes are announced at byte 2, and 2 are there.')
  assertRefused(response, '816676', 'The response is broken: it has version 1, and 0 is understood.')
  assertRefused(response, '006676', 'The response is broken: 16 bytes are announced at byte 1, and 2 are there.')
  assertRefused(combinedKey(serdes.string, serdes.string), '00000009666b', 'The combined key is broken: 9 bytes are announced at byte 4, and 2 are there.')
})

test('a hash that is none is not written', () => {
  assert.throws(() => response.encode({ originalValueHash: Buffer.alloc(8), foreignValue: null }), { name: 'TypeError', message: 'The hash of a value has 16 bytes, not 8.' })
})
