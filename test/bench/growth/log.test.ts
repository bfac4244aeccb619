import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createGrowthLog, mostRecords } from '../../../bench/growth/log.ts'

const SMALL = { topic: 'amounts', partitions: 6, keys: 10_000, count: 20_000, seed: 1 }

test('the share of keys that no other record names is the same however large the state is', () => {
  for (const keys of [10_000, 10_000_000]) {
    const { counts } = createGrowthLog({ ...SMALL, keys })

    const once = [...counts].filter(([, count]) => count === 1).length
    assert.equal(counts.size, 2_000)
    assert.ok(Math.abs(once - SMALL.count / 20) < 10, `${once} keys are named once`)
  }
})

test('they are spread over the whole state', () => {
  const { counts } = createGrowthLog({ ...SMALL, keys: 1_000_000 })

  const indexes = [...counts.keys()].map(key => Number(key.slice('key-'.length)))
  assert.ok(Math.max(...indexes) > 990_000 && Math.max(...indexes) < 1_000_000)
})

test('more records than there are keys for are refused', () => {
  assert.throws(() => createGrowthLog({ ...SMALL, count: mostRecords(SMALL.keys) + 1 }), RangeError)
})
