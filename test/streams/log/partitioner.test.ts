import assert from 'node:assert/strict'
import { test } from 'node:test'
import { murmur2, partitionFor } from '../../../streams/log/partitioner.ts'

/** Hashes, and partitions by their count, computed by running Kafka's own code. */
const vectors = [
  { key: '21', hash: -973932308, partitions: { 1: 0, 2: 0, 3: 0, 4: 0, 6: 0, 8: 4, 10: 0, 12: 0, 16: 12, 32: 12, 50: 40, 100: 40 } },
  { key: 'foobar', hash: -790332482, partitions: { 1: 0, 2: 0, 3: 0, 4: 2, 6: 0, 8: 6, 10: 6, 12: 6, 16: 14, 32: 30, 50: 16, 100: 66 } },
  { key: 'a-little-bit-long-string', hash: -985981536, partitions: { 1: 0, 2: 0, 3: 2, 4: 0, 6: 2, 8: 0, 10: 2, 12: 8, 16: 0, 32: 0, 50: 12, 100: 12 } },
  { key: 'a-little-bit-longer-string', hash: -1486304829, partitions: { 1: 0, 2: 1, 3: 2, 4: 3, 6: 5, 8: 3, 10: 9, 12: 11, 16: 3, 32: 3, 50: 19, 100: 19 } },
  { key: 'lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', hash: -58897971, partitions: { 1: 0, 2: 1, 3: 2, 4: 1, 6: 5, 8: 5, 10: 7, 12: 5, 16: 13, 32: 13, 50: 27, 100: 77 } },
  { key: 'abc', hash: 479470107, partitions: { 1: 0, 2: 1, 3: 0, 4: 3, 6: 3, 8: 3, 10: 7, 12: 3, 16: 11, 32: 27, 50: 7, 100: 7 } },
  { key: '', hash: 275646681, partitions: { 1: 0, 2: 1, 3: 0, 4: 1, 6: 3, 8: 1, 10: 1, 12: 9, 16: 9, 32: 25, 50: 31, 100: 81 } },
  { key: 'a', hash: -1563381124, partitions: { 1: 0, 2: 0, 3: 1, 4: 0, 6: 4, 8: 4, 10: 4, 12: 4, 16: 12, 32: 28, 50: 24, 100: 24 } },
  { key: 'ab', hash: 316155434, partitions: { 1: 0, 2: 0, 3: 2, 4: 2, 6: 2, 8: 2, 10: 4, 12: 2, 16: 10, 32: 10, 50: 34, 100: 34 } },
  { key: 'abcd', hash: -1323649548, partitions: { 1: 0, 2: 0, 3: 2, 4: 0, 6: 2, 8: 4, 10: 0, 12: 8, 16: 4, 32: 20, 50: 0, 100: 0 } }
]

for (const { key, hash, partitions } of vectors) {
  test(`the key '${key}' has the hash of Java's producers`, () => {
    assert.equal(murmur2(Buffer.from(key)), hash)
  })

  test(`the key '${key}' lies where Java's producers put it, whatever the count of partitions`, () => {
    for (const [count, partition] of Object.entries(partitions)) assert.equal(partitionFor(Buffer.from(key), Number(count)), partition, `of ${count}`)
  })
}

test('a key inside a larger buffer hashes like the same key alone', () => {
  const larger = Buffer.from('xxa-little-bit-long-stringyy')

  assert.equal(murmur2(larger.subarray(2, -2)), -985981536)
})

test('bytes above 127 count as bytes, also at the end of a key', () => {
  assert.equal(murmur2(Buffer.from('ff', 'hex')), -311467685)
  assert.equal(murmur2(Buffer.from('c3bce282ac', 'hex')), 1453868851)
  assert.equal(murmur2(Buffer.from('80ffff', 'hex')), -1492173529)
})
