import fc from 'fast-check'
import { equal, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { readMs, writeMs } from '../../../streams/resilience/duration.ts'

test('a duration is a whole number of a unit, or of milliseconds', () => {
  const written = { '500ms': 500, '2s': 2_000, '5m': 300_000, '1h': 3_600_000, '1d': 86_400_000, '90m': 5_400_000 }

  for (const [text, ms] of Object.entries(written)) equal(readMs('delay', text), ms)
  equal(readMs('delay', 250), 250)
})

test('what is no duration is refused, with the place where it stands', () => {
  for (const text of ['', '5', 'm', '5 m', '-5m', '1.5h', '5min', '5M', '5m ', 'constructorms']) throws(() => readMs('delays[2]', text), { name: 'TypeError', message: `delays[2] is '${text}'; write a whole number and ms, s, m, h or d, such as '500ms' or '5m'.` })
  for (const value of [0, -1, 0.5, NaN, Infinity, '0s', '99999999999999999d']) throws(() => readMs('delays[2]', value), { name: 'TypeError', message: `delays[2] is ${value}; give at least one millisecond, as a whole number.` })
})

test('a duration that is written is read as the same, in the largest unit that it is whole in', () => {
  for (const [ms, text] of [[300_000, '5m'], [5_400_000, '90m'], [172_800_000, '2d'], [1_001, '1001ms']] as const) equal(writeMs(ms), text)

  fc.assert(fc.property(fc.integer({ min: 1, max: 10 ** 12 }), ms => readMs('delay', writeMs(ms)) === ms))
})
