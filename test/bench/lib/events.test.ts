import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLog } from '../../../bench/lib/events.ts'
import { contractSettings, runModel } from '../../helpers/model.ts'

const log = createLog(20_000, { seed: 1, settings: contractSettings })

test('of the log 85 % are watches and 15 % impressions of ten items, 1 % is broken and 0.5 % repeated', () => {
  const { watches, impressions, dead_letters: deadLetters } = runModel(log)
  const shown = impressions.length / 10
  const repeated = log.length - deadLetters.length - watches.length - shown

  near(shown / (shown + watches.length), 0.15)
  near(deadLetters.length / log.length, 0.01)
  assert.ok(Math.abs(repeated / log.length - 0.005) < 0.002, `${repeated} repeated`)
})

test('offsets count from 0 in every partition', () => {
  for (const records of Map.groupBy(log, ({ topic, partition }) => `${topic}/${partition}`).values()) {
    assert.deepEqual(records.map(({ offset }) => offset), records.map((_, index) => index))
  }
})

test('the same seed gives the same log, another seed other event ids', () => {
  const again = createLog(100, { seed: 1, settings: contractSettings })
  const other = createLog(100, { seed: 2, settings: contractSettings })

  assert.deepEqual(again, log.slice(0, 100))
  assert.equal(runModel([...again, ...other]).watches.length, runModel(again).watches.length + runModel(other).watches.length)
})

function near (actual: number, wanted: number): void {
  assert.ok(Math.abs(actual - wanted) < 0.01, `${actual} is not about ${wanted}`)
}
