import { equal } from 'node:assert/strict'
import { runModel } from '../helpers/model.ts'
import { createRandomLog } from '../helpers/random-log.ts'
import {
  assertSameRows, assertTables, caughtUp, deadLettersOf, modelSettings, produce, readTables, readTopic, startWorker, workerEnvironment
} from '../helpers/recommender.ts'
import { freshApplicationId, freshTopics, integrationTest } from '../helpers/services.ts'

integrationTest('two workers share the partitions, and count every record once', async (t, services) => {
  const topics = await freshTopics(t, services, ['impression', 'watch', 'event', 'dlq'], 6)
  const applicationId = freshApplicationId(t, services)
  const settings = modelSettings(topics)
  const records = createRandomLog({ seed: 21, events: 12_000, partitions: 6, settings })
  const expected = runModel(records, settings)

  const environment = workerEnvironment(services, applicationId, topics)
  const first = startWorker(t, environment)
  await produce(services, records.slice(0, 6_000))
  const second = startWorker(t, environment)
  await produce(services, records.slice(6_000))
  await caughtUp(services, applicationId, topics, first)

  assertTables(await readTables(services, applicationId), expected)
  assertSameRows(deadLettersOf(await readTopic(services, topics.dlq)), expected.dead_letters, 'dead letters')
  equal(await first.stop(), 0)
  equal(await second.stop(), 0)
})

integrationTest('two application ids run side by side without touching each other', async (t, services) => {
  const topics = await freshTopics(t, services, ['impression', 'watch', 'event', 'dlq', 'otherDlq'], 6)
  const [one, other] = [freshApplicationId(t, services), freshApplicationId(t, services)]
  const settings = modelSettings(topics)
  const records = createRandomLog({ seed: 22, events: 4_000, partitions: 6, settings })
  const expected = runModel(records, settings)
  await produce(services, records)

  const workers = [
    { id: one, dlq: topics.dlq, worker: startWorker(t, workerEnvironment(services, one, topics)) },
    { id: other, dlq: topics.otherDlq, worker: startWorker(t, workerEnvironment(services, other, { ...topics, dlq: topics.otherDlq })) }
  ]

  for (const { id, dlq, worker } of workers) {
    await caughtUp(services, id, topics, worker)
    assertTables(await readTables(services, id), expected)
    assertSameRows(deadLettersOf(await readTopic(services, dlq)), expected.dead_letters, 'dead letters')
    equal(await worker.stop(), 0)
  }
})
