import assert from 'node:assert/strict'
import { test } from 'node:test'
import { median, percentilesOf } from '../../../bench/lib/statistics.ts'

test('a percentile is the smallest value that so many do not exceed, whatever order they came in', () => {
  const values = Array.from({ length: 1_000 }, (_, index) => 1_000 - index)

  assert.deepEqual(percentilesOf(values), { count: 1_000, p50: 500, p95: 950, p99: 990, p999: 999, max: 1_000 })
})

test('one value is every percentile, and the median of three is the middle one', () => {
  assert.deepEqual(percentilesOf([7]), { count: 1, p50: 7, p95: 7, p99: 7, p999: 7, max: 7 })
  assert.equal(median([30, 10, 20]), 20)
})
