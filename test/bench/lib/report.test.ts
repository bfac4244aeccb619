import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderReport, type SavedResult } from '../../../bench/lib/report.ts'

const result: SavedResult = {
  name: 'some',
  machine: { at: '2026-01-02T03:04:05.000Z', commit: 'abc1234', cores: 2, cpu: 'Some CPU', memoryGigabytes: 8, loadBefore: [0.5, 0.4, 0.3], node: '24', postgres: '16', redis: '7' },
  correct: true,
  mistakes: [],
  numbers: {},
  tables: [{ title: 'Some numbers', rows: [['subject', 'events/s'], ['one', '10,000']], notes: ['A note.'] }]
}

test('a result is a table with the machine it was measured on and its load', () => {
  const report = renderReport([result])

  assert.match(report, /### Some numbers\n\n\| subject \| events\/s \|\n\| --- \| --- \|\n\| one \| 10,000 \|/)
  assert.match(report, /2026-01-02, abc1234: 2 cores \(Some CPU\), 8 GB, load before 0\.5 0\.4 0\.3/)
})

test('a wrong result is shown as wrong', () => {
  assert.match(renderReport([{ ...result, correct: false, mistakes: ['watches: row 3 of 4'] }]), /\*\*The result is wrong\*\*: watches: row 3 of 4/)
})
