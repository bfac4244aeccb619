import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sessionStoreKey, timestampedKeyAndJoinSide, windowStoreKey } from '../../../streams/windows/store-keys.ts'

const key = Buffer.from('key')

test('the key of a window store is the key, the start and the sequence number', () => {
  assert.equal(windowStoreKey(key, 1_000, 0).toString('hex'), '6b657900000000000003e800000000')
  assert.equal(windowStoreKey(key, 1_000, 3).toString('hex'), '6b657900000000000003e800000003')
})

test('the key of a session store is the key, the end and the start', () => {
  assert.equal(sessionStoreKey(key, { start: 1_000, end: 2_000 }).toString('hex'), '6b657900000000000007d000000000000003e8')
})

test('the key of a join buffer is the time, the side and the key', () => {
  assert.equal(timestampedKeyAndJoinSide(5, 'left', key).toString('hex'), '0000000000000005016b6579')
  assert.equal(timestampedKeyAndJoinSide(5, 'right', key).toString('hex'), '0000000000000005006b6579')
})
