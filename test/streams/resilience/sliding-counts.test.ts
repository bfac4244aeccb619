import fc from 'fast-check'
import { deepEqual, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { SlidingCounts } from '../../../streams/resilience/sliding-counts.ts'

test('calls are forgotten when the window has gone past them, a tenth of it at a time', () => {
  const counts = new SlidingCounts(1_000)
  counts.add(50, true)
  counts.add(150, false)

  deepEqual([150, 999, 1_000, 1_099, 1_100, 9_999].map(now => counts.within(now)), [
    { calls: 2, failures: 1 }, { calls: 2, failures: 1 }, { calls: 1, failures: 0 }, { calls: 1, failures: 0 }, { calls: 0, failures: 0 }, { calls: 0, failures: 0 }
  ])
})

test('what is cleared does not come back', () => {
  const counts = new SlidingCounts(1_000)
  counts.add(50, true)

  counts.clear()
  counts.add(60, false)

  deepEqual(counts.within(60), { calls: 1, failures: 0 })
})

test('a time that is none is refused', () => {
  for (const now of [-1, NaN]) throws(() => new SlidingCounts(1_000).add(now, true), RangeError)
})

test('the counts are those of all calls in the last ten steps', () => {
  const calls = fc.array(fc.record({ after: fc.integer({ min: 0, max: 400 }), failed: fc.boolean() }), { maxLength: 60, size: 'max' })
  fc.assert(fc.property(calls, fc.integer({ min: 1, max: 2_000 }), (calls, windowMs) => {
    const counts = new SlidingCounts(windowMs)
    const all: Array<{ readonly at: number, readonly failed: boolean }> = []
    let now = 1_000
    for (const { after, failed } of calls) {
      now += after
      counts.add(now, failed)
      all.push({ at: now, failed })

      const step = (time: number): number => Math.floor(time / (windowMs / 10))
      const recent = all.filter(({ at }) => step(at) > step(now) - 10)
      deepEqual(counts.within(now), { calls: recent.length, failures: recent.filter(({ failed }) => failed).length })
    }
  }))
})
