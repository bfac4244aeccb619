import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findDifference, readRows } from '../../../bench/throughput/peer-tables.ts'
import { createLog } from '../../../bench/lib/events.ts'
import { contractSettings, runModel } from '../../helpers/model.ts'

const expected = runModel(createLog(500, { seed: 1, settings: contractSettings }))

/** What a peer that is right writes: rows in any order, an impression once. */
function linesOf (): string[] {
  const { dead_letters: _, impressions, watches, events, ...features } = expected
  const logs = Object.entries({ impressions, watches, events }).flatMap(([table, rows]) => [...new Set(rows.map(row => row.event_id))].map(id => ({ table, event_id: id })))
  return [...logs, ...Object.entries(features).flatMap(([table, rows]) => rows.map(row => ({ ...row, table })))].map(row => JSON.stringify(row)).toReversed()
}

const differenceOf = (lines: readonly string[]): string | undefined => findDifference(readRows(lines.join('\n')), expected.dead_letters, expected)

test('tables that are the model\'s have no difference, in whatever order they come', () => {
  assert.equal(differenceOf(linesOf()), undefined)
})

test('a count that is one too high is found', () => {
  const lines = linesOf()
  const place = lines.findIndex(line => line.includes('"cnt":1,"table":"co_visitation"'))

  const difference = differenceOf(lines.with(place, String(lines[place]).replace('"cnt":1', '"cnt":2')))

  assert.match(String(difference), /^co_visitation: row/)
})

test('a row that is missing, and one that comes twice, are found', () => {
  const [first = '', ...rest] = linesOf()

  assert.match(String(differenceOf(rest)), /^user_history: row/)
  assert.match(String(differenceOf([first, first, ...rest])), /^user_history: row/)
})

test('a dead letter that is missing is found', () => {
  assert.match(String(findDifference(readRows(linesOf().join('\n')), expected.dead_letters.slice(1), expected)), /^dead letters: row/)
})

test('a line that is no row of a table says so', () => {
  assert.throws(() => readRows('{"table":"surprises"}'), /names none of the tables impressions, .*surprises/)
  assert.throws(() => readRows('{"table":"item_popularity","item_id":"i1","score":"1"}'), /no row of item_popularity/)
})
