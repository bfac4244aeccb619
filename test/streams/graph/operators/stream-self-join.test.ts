import { deepEqual } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { benchJoin, benchSelfJoin } from '../../../helpers/stream-joins.ts'

const dash = (left: string | null, right: string | null) => `${left}-${right}`

test('a record meets the earlier ones on both sides, and itself at its place in time', () => {
  const { pipe } = benchSelfJoin({ beforeMs: 10_000, afterMs: 10_000, graceMs: 0 }, dash)

  deepEqual(pipe('left', 'k', 'A', 2), [['k', 'A-A', 2]])
  deepEqual(pipe('left', 'k', 'B', 3), [['k', 'B-A', 3], ['k', 'A-B', 3], ['k', 'B-B', 3]])
  deepEqual(pipe('left', 'k', 'C', 1), [['k', 'C-A', 2], ['k', 'C-B', 3], ['k', 'C-C', 1], ['k', 'A-C', 2], ['k', 'B-C', 3]])
})

test('over one store it gives what two stores give, as long as nothing expires', () => {
  const record = fc.record({ key: fc.constantFrom('a', 'b'), timestamp: fc.integer({ min: 0, max: 60 }) })
  const bound = fc.integer({ min: 0, max: 20 })
  fc.assert(fc.property(fc.array(record, { maxLength: 20 }), bound, bound, (records, beforeMs, afterMs) => {
    // Beyond the largest difference of times by two: a record as old as the retention, less one, already counts as expired.
    const bounds = { beforeMs, afterMs, graceMs: 62 }
    const one = benchSelfJoin(bounds, dash)
    const two = benchJoin('join', bounds, dash)

    for (const [index, { key, timestamp }] of records.entries()) {
      const expected = [...two.pipe('left', key, String(index), timestamp), ...two.pipe('right', key, String(index), timestamp)]
      deepEqual([...one.pipe('left', key, String(index), timestamp)].sort(), expected.sort())
    }
  }), { numRuns: 300, examples: [[[{ key: 'a', timestamp: 60 }, { key: 'a', timestamp: 1 }, { key: 'a', timestamp: 0 }], 0, 0]] })
})

test('a record that is as old as the retention, less one, no longer meets itself, as in Kafka Streams', () => {
  const { pipe } = benchSelfJoin({ beforeMs: 10, afterMs: 10, graceMs: 10 })
  pipe('left', 'x', 'newest', 100)

  deepEqual(pipe('left', 'k', 'A', 71), [])
  deepEqual(pipe('left', 'k', 'B', 72), [['k', 'B+A', 72], ['k', 'A+B', 72], ['k', 'B+B', 72]])
})

test('nothing without a key or a value joins, and both are counted', () => {
  const { bench, pipe } = benchSelfJoin({ beforeMs: 10, afterMs: 10, graceMs: 0 })
  pipe('left', null, 'A', 1)
  pipe('left', 'k', null, 1)

  deepEqual(bench.dropped, ['null-key', 'null-value'])
})
