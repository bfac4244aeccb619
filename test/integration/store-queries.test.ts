import { deepEqual, equal, match } from 'node:assert/strict'
import { openPostgres } from '../../streams/state/postgres/database.ts'
import { startApi, startStoresApi } from '../helpers/api-process.ts'
import { millrace } from '../helpers/millrace.ts'
import { projectionLevel, withRedis } from '../helpers/projection.ts'
import { openQueriedWorldOn } from '../helpers/queried-world.ts'
import { createRandomLog } from '../helpers/random-log.ts'
import { caughtUp, modelSettings, produce, startWorker, workerEnvironment } from '../helpers/recommender.ts'
import { freshApplicationId, freshTopics, integrationTest, servicesOrSkip } from '../helpers/services.ts'
import { storeQueriesContract } from '../streams/queries/store-queries.contract.ts'

storeQueriesContract('Postgres', async t => {
  const services = await servicesOrSkip(t)
  if (services === undefined) return
  const database = openPostgres({ url: services.postgres, applicationName: 'millrace-tests', maxConnections: 4 })
  t.after(async () => await database.close())
  return await openQueriedWorldOn(t, database, freshApplicationId(t, services))
})

integrationTest('a store is read over HTTP and by the command line alike: from Redis, and without it from Postgres', async (t, services) => {
  const topics = await freshTopics(t, services, ['impression', 'watch', 'event', 'dlq'], 3)
  const applicationId = freshApplicationId(t, services)
  const environment = workerEnvironment(services, applicationId, topics)
  const api = await startApi(t, environment)
  const ofAnyTopology = await startStoresApi(t, environment, 'recommender')
  for (const { get } of [api, ofAnyTopology]) {
    equal((await get('/stores/item_popularity/nothing')).status, 503)
    equal((await get('/health/ready')).status, 503)
  }

  await produce(services, createRandomLog({ seed: 32, events: 500, partitions: 3, settings: modelSettings(topics) }))
  const worker = startWorker(t, environment)
  await caughtUp(services, applicationId, topics, worker)
  await projectionLevel(services, applicationId)
  await api.undegraded(3_000)
  equal(await worker.stop(), 0)
  const database = openPostgres({ url: services.postgres, applicationName: 'millrace-tests', maxConnections: 1 })
  t.after(async () => await database.close())
  const table = `"${applicationId}".item_popularity`
  const [[item = '', score] = []] = await database.query({ text: `select item_id, score from ${table} order by score desc, item_id limit 1` })
  const path = `/stores/item_popularity/${encodeURIComponent(item ?? '')}`

  // Another number in Postgres tells who has answered.
  await database.query({ text: `update ${table} set score = score + 1000 where item_id = $1`, values: [item] })
  const query = async (redis: string): Promise<unknown> => {
    const asked = await millrace({ ...services, redis }, 'query', '--application-id', applicationId, 'item_popularity', item ?? '')
    equal(asked.stderr, '')
    return JSON.parse(asked.stdout)
  }
  const projected = { key: item, value: Number(score), timestamp: null }
  for (const { get } of [api, ofAnyTopology]) deepEqual(await get(path), { status: 200, body: projected })
  deepEqual(await query(services.redis), projected)

  const stored = { ...projected, value: Number(score) + 1000 }
  // Not configured, and one at which nobody listens.
  deepEqual([await query(''), await query('redis://127.0.0.1:1')], [stored, stored])
  await withRedis(services, async redis => { await redis.unlink(`{${applicationId}:0}:fence`) })
  for (const { get } of [api, ofAnyTopology]) deepEqual(await get(path), { status: 200, body: stored })
  deepEqual(await query(services.redis), stored)
  deepEqual([(await ofAnyTopology.get('/health/ready')).status, (await ofAnyTopology.get('/reco?user_id=u&session_id=s')).status], [200, 404])

  const missing = await millrace(services, 'query', '--application-id', applicationId, 'item_popularity', 'nothing')
  equal(missing.code, 1)
  match(missing.stderr, /^millrace: Store 'item_popularity' has no key 'nothing'\.\n$/)
  const page = await millrace(services, 'query', '--application-id', applicationId, 'item_popularity', '--limit', '2')
  deepEqual((await api.get('/stores/item_popularity?limit=2')).body, JSON.parse(page.stdout))
})
