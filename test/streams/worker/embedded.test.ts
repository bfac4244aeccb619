import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Registry } from 'prom-client'
import { readConfig } from '../../../bin/config.ts'
import { openWorker } from '../../../bin/open-worker.ts'
import { silentLogger } from '../../../streams/index.ts'
import { createMemoryLog, openPglite, readLag } from '../../../streams/runtime.ts'
import { assertSameLines, languageOn, openLanguageDriver, outgoing, readRows } from '../../helpers/language-world.ts'
import { randomDays } from '../../helpers/random-days.ts'
import { until } from '../../helpers/until.ts'

test('sessions on PGlite and the log in memory have in their tables what the driver has', async t => {
  const topics = { left: 'clicks', right: 'unused', out: 'closed', out2: 'released' }
  const [topology, applicationId, partitions] = [languageOn('session-counts', topics), 'embedded', 3]
  const driver = openLanguageDriver(t, { topology, topics, applicationId, partitions })
  const [log, database] = [createMemoryLog(), await openPglite()]
  await log.createTopics(['clicks', 'closed', 'released'].map(name => ({ name, partitions })))
  const worker = await openWorker({
    application: { topology, migrations: [], observers: [], report: () => ({}), answer: () => ({}) },
    config: readConfig({ KAFKA_WORKER_GROUP_ID: applicationId, KAFKA_WORKER_AUTO_OFFSET_RESET: 'earliest', KAFKA_WORKER_RECORD_TIMEOUT_MS: '0' }),
    registry: new Registry(),
    logger: silentLogger,
    workerId: 'embedded',
    log,
    units: database,
    service: database,
    watchdogDatabase: undefined,
    openProjection: () => ({ outbox: false, takeApplied: () => [], stop: async () => {}, observer: { assigned () {}, committed () {} } })
  })
  t.after(async () => {
    await worker.stop()
    await log.close()
    await database.close()
  })
  const producer = log.openProducer()
  for (const step of randomDays(1, { days: 1, records: 300, sides: ['left'], users: 20 })) {
    await driver.feed(step)
    await producer.send(outgoing(topics, step))
    await until('everything is behind the positions', async () => {
      const { partitions, totals } = await readLag(applicationId, { log, database })
      return partitions.length === 6 && totals.lag === 0 && totals.withoutPosition === 0
    })
  }
  for (const store of ['session_counts', 'session_counts-open', 'session_lengths', 'held-store']) {
    const [actual, expected] = [await readRows(database, topology, applicationId, store), await driver.rows(store)]
    assert.ok(expected.length > 0, store)
    assertSameLines(actual.map(row => JSON.stringify(row)), expected.map(row => JSON.stringify(row)), store)
  }
  for (const name of ['out', 'out2'] as const) {
    const ends = await log.offsets([0, 1, 2].map(partition => ({ topic: topics[name], partition })), 'latest')
    assert.equal(ends.reduce((sum, { offset }) => sum + offset, 0), (await driver.sink(name)).length, name)
  }
})
