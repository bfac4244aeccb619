import assert from 'node:assert/strict'
import { test } from 'node:test'
import { murmur2, partitionFor } from '../../../streams/log/partitioner.ts'

test('murmur2 gives what Java gives', () => {
  const vectors = {
    21: -973932308,
    foobar: -790332482,
    'a-little-bit-long-string': -985981536,
    'a-little-bit-longer-string': -1486304829,
    lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8: -58897971,
    abc: 479470107
  }

  for (const [key, expected] of Object.entries(vectors)) assert.equal(murmur2(Buffer.from(key)), expected, key)
})

test('a partition is the hash without its sign, modulo the count', () => {
  assert.equal(partitionFor(Buffer.from('foobar'), 12), (-790332482 & 0x7fffffff) % 12)
})
