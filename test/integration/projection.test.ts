import { equal } from 'node:assert/strict'
import { runModel } from '../helpers/model.ts'
import { assertProjection, projectionEquals, projectionLevel, withRedis, withRedisReader } from '../helpers/projection.ts'
import { createRandomLog } from '../helpers/random-log.ts'
import { caughtUp, modelSettings, produce, startWorker, workerEnvironment } from '../helpers/recommender.ts'
import { freshApplicationId, freshTopics, integrationTest } from '../helpers/services.ts'

integrationTest('Redis is a projection: it equals Postgres, and can be deleted at any moment', async (t, services) => {
  const topics = await freshTopics(t, services, ['impression', 'watch', 'event', 'dlq'], 6)
  const applicationId = freshApplicationId(t, services)
  const settings = modelSettings(topics)
  const records = createRandomLog({ seed: 2, events: 12_000, partitions: 6, settings })
  await produce(services, records.slice(0, 8_000))
  const worker = startWorker(t, workerEnvironment(services, applicationId, topics))
  await caughtUp(services, applicationId, topics, worker)
  await projectionLevel(services, applicationId)
  const first = runModel(records.slice(0, 8_000), settings)
  await withRedisReader(services, applicationId, async reader => await assertProjection(reader, first))

  // Everything gone while nothing happens: noticed, and built anew.
  await withRedis(services, async redis => {
    for await (const keys of redis.scanStream({ match: `{${applicationId}:*` })) if (keys.length > 0) await redis.unlink(keys)
  })
  await projectionLevel(services, applicationId)
  await withRedisReader(services, applicationId, async reader => await assertProjection(reader, first))

  // A stale copy: units that Redis had confirmed are lost, as after a failover to an old replica.
  const [dump] = await withRedis(services, async redis => [await snapshot(redis, applicationId)])
  await produce(services, records.slice(8_000))
  await caughtUp(services, applicationId, topics, worker)
  await projectionLevel(services, applicationId)
  await withRedis(services, async redis => await restore(redis, applicationId, dump))
  // It vouches for itself until the next check, half a second later at most.
  const all = runModel(records, settings)
  await projectionEquals(services, applicationId, all)

  // Everything gone while nobody is there to see it.
  equal(await worker.stop(), 0)
  await withRedis(services, async redis => await restore(redis, applicationId, new Map()))
  startWorker(t, workerEnvironment(services, applicationId, topics))
  await projectionLevel(services, applicationId)
  await withRedisReader(services, applicationId, async reader => await assertProjection(reader, all))
})

async function snapshot (redis: import('ioredis').Redis, applicationId: string): Promise<Map<string, Buffer>> {
  const dump = new Map<string, Buffer>()
  for await (const keys of redis.scanStream({ match: `{${applicationId}:*` })) {
    for (const key of keys) {
      const value = await redis.dumpBuffer(key)
      if (value !== null) dump.set(key, value)
    }
  }
  return dump
}

async function restore (redis: import('ioredis').Redis, applicationId: string, dump: ReadonlyMap<string, Buffer>): Promise<void> {
  const transaction = redis.multi()
  for await (const keys of redis.scanStream({ match: `{${applicationId}:*` })) if (keys.length > 0) transaction.unlink(...keys)
  for (const [key, value] of dump) transaction.restore(key, 0, value)
  await transaction.exec()
}
