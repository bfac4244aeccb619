import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Features } from '../../../bench/floor/features.ts'
import { createLog } from '../../../bench/lib/events.ts'
import { openReading } from '../../../bench/floor/reading.ts'
import { contractSettings, runModel } from '../../helpers/model.ts'
import { testSettings } from '../../helpers/api.ts'

test('the floor counts and refuses what the model does, batch by batch', () => {
  const records = createLog(5_000, { seed: 1, settings: contractSettings, users: 50, items: 20 })
  const expected = runModel(records)
  const read = openReading(testSettings)
  const features = new Features(20)
  const popularity = new Map<string, number>()
  const seen = new Set<string>()
  let deadLetters = 0
  let newest = 0

  for (let from = 0; from < records.length; from += 500) {
    const taken = records.slice(from, from + 500).map(record => ({ ...record, key: Buffer.from(record.key ?? ''), headers: [] }))
    const batch = read(taken, seen)
    const changes = features.learn(batch.watches)
    deadLetters += batch.deadLetters.length
    for (const [item, score] of changes.popularity) popularity.set(item, (popularity.get(item) ?? 0) + score)
    newest = Math.max(newest, ...changes.newest.values())
  }

  assert.equal(deadLetters, expected.dead_letters.length)
  assert.deepEqual(popularity, new Map(expected.item_popularity.map(({ item_id: item, score }) => [item, score])))
  assert.equal(newest, Math.max(...expected.user_history.map(({ pos }) => pos)))
})
