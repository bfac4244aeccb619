import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mistakesOf, type Outcome, type Run } from '../../../bench/lib/race.ts'
import { tableOf } from '../../../bench/lib/race-report.ts'

const outcome: Outcome = {
  records: 100, seconds: 1, eventsPerSecond: 100, subjectCpuMicros: 10, postgresCpuMicros: null, postgresTreeCpuMicros: null, machineCpuMicros: 30, peakMegabytes: 50, wallSeconds: 2, projectionBehindMs: null, mistake: null
}

const rowsOf = (runs: readonly Run[]): ReadonlyArray<readonly string[]> => tableOf(runs, { title: 'A race', reference: ['floor', 'of the floor'], notes: [] }).rows.slice(1)

test('a subject is compared with the reference, and the median of its runs counts', () => {
  const rows = rowsOf([{ subject: 'floor', outcome }, ...[10, 30, 80].map(eventsPerSecond => ({ subject: 'slow', outcome: { ...outcome, eventsPerSecond } }))])

  assert.deepEqual(rows[1]?.slice(0, 4), ['slow', '30', '30 %', '10 – 80'])
})

test('one wrong run of three makes the row wrong', () => {
  const runs = [null, 'watches: row 3', null].map(mistake => ({ subject: 'peer', outcome: { ...outcome, mistake } }))

  assert.equal(rowsOf(runs)[0]?.at(-1), 'WRONG')
  assert.deepEqual(mistakesOf(runs), ['peer: watches: row 3'])
})

test('a peer that could not be run has a row that says why', () => {
  const [row = []] = rowsOf([{ subject: 'peer', problem: 'Maven is not installed | at all\nmore' }])

  assert.equal(row[0], 'peer')
  assert.equal(row.at(-1), 'did not run: Maven is not installed / at all')
})
