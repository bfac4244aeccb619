import assert from 'node:assert/strict'
import { test } from 'node:test'
import { joinBounds, joinWindows } from '../../../streams/windows/join-windows.ts'
import { overlaps, type WindowOfType } from '../../../streams/windows/overlaps.ts'
import { retentionOf } from '../../../streams/windows/retention.ts'
import { sessionWindows } from '../../../streams/windows/session-windows.ts'
import { slidingWindows } from '../../../streams/windows/sliding-windows.ts'
import { timeWindows } from '../../../streams/windows/time-windows.ts'
import { unlimitedWindows } from '../../../streams/windows/unlimited-windows.ts'

const startsAndEnds = (windows: readonly { readonly start: number, readonly end: number }[]): number[][] => windows.map(({ start, end }) => [start, end])

test('a timestamp is in the windows that begin at a multiple of the advance and have not ended', () => {
  const cases = [
    { sizeMs: 12, advanceMs: 5, timestamp: 21, expected: [[10, 22], [15, 27], [20, 32]] },
    { sizeMs: 6, advanceMs: 5, timestamp: 7, expected: [[5, 11]] },
    { sizeMs: 10, advanceMs: 3, timestamp: 20, expected: [[12, 22], [15, 25], [18, 28]] },
    { sizeMs: 10, advanceMs: 5, timestamp: 4, expected: [[0, 10]] },
    { sizeMs: 10, advanceMs: 5, timestamp: 5, expected: [[0, 10], [5, 15]] },
    { sizeMs: 12, timestamp: 21, expected: [[12, 24]] },
    { sizeMs: 10, timestamp: 9, expected: [[0, 10]] },
    { sizeMs: 10, timestamp: 10, expected: [[10, 20]] },
    { sizeMs: 60_000, timestamp: 1_700_000_000_000, expected: [[1_699_999_980_000, 1_700_000_040_000]] }
  ]
  for (const { timestamp, expected, ...windows } of cases) assert.deepEqual(startsAndEnds(timeWindows(windows).windowsFor(timestamp)), expected)

  const many = timeWindows({ sizeMs: 60_000, advanceMs: 1_000 }).windowsFor(1_700_000_000_123)
  assert.deepEqual([many.length, many[0]?.start, many.at(-1)?.start], [60, 1_699_999_941_000, 1_700_000_000_000])
})

test('an unlimited window holds everything from its start on', () => {
  const { windowsFor } = unlimitedWindows({ startMs: 10 })

  assert.deepEqual([9, 10, 11].map(timestamp => windowsFor(timestamp).map(({ start }) => start)), [[], [10], [10]])
})

test('windows that could not work are refused where they are defined', () => {
  const refused = [
    () => timeWindows({ sizeMs: 0 }), () => timeWindows({ sizeMs: -1 }), () => timeWindows({ sizeMs: 123, advanceMs: 0 }),
    () => timeWindows({ sizeMs: 123, advanceMs: -1 }), () => timeWindows({ sizeMs: 123, advanceMs: 124 }), () => timeWindows({ sizeMs: 3, graceMs: -1 }),
    () => sessionWindows({ inactivityGapMs: 0 }), () => sessionWindows({ inactivityGapMs: -1 }), () => sessionWindows({ inactivityGapMs: 3, graceMs: -1 }),
    () => slidingWindows({ timeDifferenceMs: -1, graceMs: 5 }), () => slidingWindows({ timeDifferenceMs: 10, graceMs: -1 }),
    () => joinWindows({ timeDifferenceMs: -1 }), () => joinWindows({ timeDifferenceMs: 123, afterMs: -124 }),
    () => joinWindows({ timeDifferenceMs: 123, beforeMs: -124 }), () => joinWindows({ timeDifferenceMs: 3, graceMs: -1 }),
    () => unlimitedWindows({ startMs: -1 })
  ]

  for (const define of refused) assert.throws(define, RangeError, String(define))
  assert.throws(() => timeWindows({ sizeMs: 1.5 }), new TypeError('timeWindows: sizeMs is 1.5; give a whole number of milliseconds.'))
})

test('a join window may lie wholly before or behind a record', () => {
  assert.doesNotThrow(() => joinWindows({ timeDifferenceMs: 456, beforeMs: -456 }))
  assert.doesNotThrow(() => joinWindows({ timeDifferenceMs: 456, afterMs: -456 }))
  assert.equal(joinWindows({ timeDifferenceMs: 10, beforeMs: 3, graceMs: 7 }).graceMs, 7)
})

test('before and after are seen from the left record', () => {
  const windows = joinWindows({ timeDifferenceMs: 10, beforeMs: 3, afterMs: 20 })

  assert.deepEqual(joinBounds(windows, 'left', 100), { from: 97, to: 120 })
  assert.deepEqual(joinBounds(windows, 'right', 100), { from: 80, to: 103 })
  assert.deepEqual(joinBounds(joinWindows({ timeDifferenceMs: 10 }), 'right', 100), { from: 90, to: 110 })
})

test('time windows overlap up to their end, sessions with it', () => {
  const of = (type: WindowOfType['type'], start: number, end: number): WindowOfType => ({ type, start, end })
  const time: [number, number, boolean][] = [[0, 49, false], [0, 50, false], [0, 51, true], [49, 51, true], [0, 150, true], [50, 100, true], [75, 150, true], [99, 100, true], [100, 150, false], [125, 150, false]]
  const session: [number, number, boolean][] = [[0, 49, false], [49, 49, false], [0, 50, true], [50, 50, true], [100, 100, true], [100, 150, true], [101, 101, false], [125, 150, false]]

  for (const [start, end, expected] of time) assert.equal(overlaps(of('time', 50, 100), of('time', start, end)), expected, `time ${start}/${end}`)
  for (const [start, end, expected] of session) assert.equal(overlaps(of('session', 50, 100), of('session', start, end)), expected, `session ${start}/${end}`)
  assert.throws(() => overlaps(of('time', 50, 100), of('session', 50, 100)), TypeError)
  assert.throws(() => overlaps(of('time', 50, 50), of('time', 50, 100)), RangeError)
})

test('a store keeps windows as long as that of Kafka Streams does, or as long as it is told', () => {
  assert.equal(retentionOf('s', timeWindows({ sizeMs: 10, advanceMs: 5, graceMs: 3 })), 13)
  assert.equal(retentionOf('s', slidingWindows({ timeDifferenceMs: 10, graceMs: 3 })), 23)
  assert.equal(retentionOf('s', sessionWindows({ inactivityGapMs: 10, graceMs: 3 })), 13)
  assert.equal(retentionOf('s', sessionWindows({ inactivityGapMs: 10, graceMs: 3 }), 14), 14)
  assert.throws(() => retentionOf('s', timeWindows({ sizeMs: 10, graceMs: 3 }), 12), RangeError)
})
