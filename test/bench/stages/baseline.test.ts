import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasDropped, readBaseline, slowerStages } from '../../../bench/stages/baseline.ts'
import { recordsOnce } from '../../../bench/stages/records.ts'
import { stageNames, type Stages } from '../../../bench/stages/stages.ts'
import { createLog } from '../../../bench/lib/events.ts'
import { contractSettings, runModel } from '../../helpers/model.ts'

// Every name once: a record cannot be built element by element.
const even = Object.fromEntries(stageNames.map(name => [name, 2])) as Stages
const baseline = { ratio: 0.8, yardstick: 1, stages: even }

test('a share of the floor that is more than a quarter below the committed one is a failure, and so is none', () => {
  assert.equal(hasDropped(0.61, baseline), false)
  assert.equal(hasDropped(0.59, baseline), true)
  assert.equal(hasDropped(Number.NaN, baseline), true)
})

test('a stage that takes more is named, and a slower machine is no stage', () => {
  assert.deepEqual(slowerStages({ yardstick: 1, stages: { ...even, graph: 3 } }, baseline), [['graph', 1.5]])
  assert.deepEqual(slowerStages({ yardstick: 2, stages: { ...even, decode: 4, validate: 4, graph: 4, cache: 4, encode: 4 } }, baseline), [])
})

test('services are waited for, which says nothing of a stage on another machine', () => {
  assert.deepEqual(slowerStages({ yardstick: 1, stages: { ...even, SQL: 30, Redis: 30 } }, baseline), [])
})

test('the committed run can be compared with', async () => {
  const { ratio, yardstick, stages } = await readBaseline(new URL('../../../bench/results/stages.json', import.meta.url))

  assert.ok(ratio > 0 && yardstick > 0)
  assert.deepEqual(Object.keys(stages).sort(), [...stageNames].sort())
})

test('no record of the stages repeats another, and offsets have no gaps', () => {
  const { model } = recordsOnce(createLog(5_000, { seed: 1, settings: contractSettings }))

  const { watches, impressions, dead_letters: deadLetters } = runModel(model)
  assert.equal(watches.length + impressions.length / 10 + deadLetters.length, model.length)
  for (const records of Map.groupBy(model, ({ topic, partition }) => `${topic}/${partition}`).values()) {
    assert.deepEqual(records.map(({ offset }) => offset), records.map((_, index) => index))
  }
})
