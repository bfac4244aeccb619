import { equal } from 'node:assert/strict'
import { createRandomLog } from '../helpers/random-log.ts'
import { runModel } from '../helpers/model.ts'
import {
  assertSameRows, assertTables, caughtUp, deadLettersOf, modelSettings, produce, readTables, readTopic, startWorker, workerEnvironment
} from '../helpers/recommender.ts'
import { freshApplicationId, freshTopics, integrationTest } from '../helpers/services.ts'

const EVENTS = Number(process.env['RECOMMENDER_EVENTS'] ?? 20_000)

integrationTest('a log with broken and repeated records gives exactly the tables and dead letters of the contract', async (t, services) => {
  const topics = await freshTopics(t, services, ['impression', 'watch', 'event', 'dlq'], 6)
  const applicationId = freshApplicationId(t, services)
  const settings = modelSettings(topics)
  const records = createRandomLog({ seed: 1, events: EVENTS, partitions: 6, settings })
  const expected = runModel(records, settings)
  await produce(services, records)

  const started = performance.now()
  const worker = startWorker(t, workerEnvironment(services, applicationId, topics))
  await caughtUp(services, applicationId, topics, worker)
  t.diagnostic(`${EVENTS} events in ${Math.round(performance.now() - started)} ms, start included`)

  assertTables(await readTables(services, applicationId), expected)
  assertSameRows(deadLettersOf(await readTopic(services, topics.dlq)), expected.dead_letters, 'dead letters')
  equal(await worker.stop(), 0)
})
