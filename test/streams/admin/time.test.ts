import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readDateTime, readDuration } from '../../../streams/admin/time.ts'

test('a time without a zone is in UTC, one with a zone is there', () => {
  const noon = Date.UTC(2026, 2, 1, 12)

  for (const text of ['2026-03-01T12:00:00.000', '2026-03-01T12:00:00', '2026-03-01T12:00', '2026-03-01T12:00:00Z', '2026-03-01T13:00:00.000+01:00', '2026-03-01T13:00:00.000+0100']) {
    assert.equal(readDateTime(text), noon, text)
  }
})

test('what is no time is refused', () => {
  for (const text of ['', 'yesterday', '2026-03-01', '2026-02-31T12:00:00.000', '2026-13-01T12:00:00.000', '2026-03-01T25:00:00.000', '1772366400000']) {
    assert.equal(readDateTime(text), undefined, text)
  }
})

test('a duration is days of 24 hours, hours, minutes and seconds', () => {
  assert.equal(readDuration('P1D'), 86_400_000)
  assert.equal(readDuration('P2DT3H4M5.678S'), 2 * 86_400_000 + 3 * 3_600_000 + 4 * 60_000 + 5_678)
  assert.equal(readDuration('PT90M'), 5_400_000)
  assert.equal(readDuration('P0D'), 0)
})

test('what is no duration is refused', () => {
  for (const text of ['', 'P', 'PT', 'P1DT', '1h', 'P1H', 'P1M', 'P-1D', 'PT1.5H', 'P1W']) assert.equal(readDuration(text), undefined, text)
})
