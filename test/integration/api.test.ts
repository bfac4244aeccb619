import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { openPostgres } from '../../streams/runtime.ts'
import { startApi, type Answer } from '../helpers/api-process.ts'
import { runModel } from '../helpers/model.ts'
import { isReady, projectionLevel, withRedis } from '../helpers/projection.ts'
import { createRandomLog } from '../helpers/random-log.ts'
import { caughtUp, modelSettings, produce, startWorker, workerEnvironment } from '../helpers/recommender.ts'
import { freshApplicationId, freshTopics, integrationTest } from '../helpers/services.ts'
import { redisReaderRules } from '../helpers/redis-reader-rules.ts'

integrationTest('/reco answers from Redis, and the same from Postgres, flagged degraded, while the projection is gone', async (t, services) => {
  const topics = await freshTopics(t, services, ['impression', 'watch', 'event', 'dlq'], 3)
  const applicationId = freshApplicationId(t, services)
  const settings = modelSettings(topics)
  const records = createRandomLog({ seed: 31, events: 3_000, partitions: 3, settings })
  await produce(services, records)
  const environment = workerEnvironment(services, applicationId, topics)
  const api = await startApi(t, environment)

  const before = await api.get('/reco?user_id=nobody&session_id=s')
  equal(before.status, 200)
  deepEqual([before.body.items, before.body.degraded], [[], true])
  equal((await api.get('/health/ready')).status, 503)

  const worker = startWorker(t, environment)
  await caughtUp(services, applicationId, topics, worker)
  await projectionLevel(services, applicationId)
  const users = [...new Set(runModel(records, settings).user_history.map(({ user_id: user }) => user))].slice(0, 20)
  const ask = async (user: string) => (await api.get(`/reco?user_id=${encodeURIComponent(user)}&session_id=s&k=20&explain=true`)).body
  await api.undegraded(3_000)
  const fromRedis = await Promise.all(users.map(ask))
  ok(fromRedis.every(({ degraded, items }) => degraded === undefined && Array.isArray(items) && items.length === 20))

  equal(await worker.stop(), 0)
  await withRedis(services, async redis => { await redis.unlink(`{${applicationId}:0}:fence`) })
  equal(await isReady(services, applicationId), false)
  const fromPostgres = await Promise.all(users.map(ask))

  ok(fromPostgres.every(({ degraded }) => degraded === true))
  const comparable = ({ items, explanations }: Answer): unknown => ({ items, explanations })
  deepEqual(fromPostgres.map(comparable), fromRedis.map(comparable))
})

integrationTest('the read API cannot write: its sessions refuse, and so do the role and the Redis user made for it', async (t, services) => {
  const topics = await freshTopics(t, services, ['impression', 'watch', 'event', 'dlq'], 1)
  const applicationId = freshApplicationId(t, services)
  const admin = openPostgres({ url: services.postgres, applicationName: 'test', maxConnections: 1 })
  const role = `reader_${randomUUID().replaceAll('-', '')}`
  await admin.query({ text: `create role ${role} login password 'secret'` })
  t.after(async () => {
    await admin.query({ text: `drop owned by ${role}` })
    await admin.query({ text: `drop role ${role}` })
    await admin.close()
  })
  const worker = startWorker(t, { ...workerEnvironment(services, applicationId, topics), DATABASE_READONLY_ROLE: role })
  await caughtUp(services, applicationId, topics, worker)
  equal(await worker.stop(), 0)

  const asRole = new URL(services.postgres)
  asRole.username = role
  asRole.password = 'secret'
  const reader = openPostgres({ url: asRole.href, applicationName: 'test', maxConnections: 1 })
  const readOnly = openPostgres({ url: services.postgres, applicationName: 'test', maxConnections: 1, readOnly: true })
  t.after(async () => await Promise.all([reader.close(), readOnly.close()]))
  equal((await reader.query({ text: `select count(*) from "${applicationId}".watches` }))[0]?.[0], '0')
  await rejects(reader.query({ text: `delete from "${applicationId}".watches` }), { code: '42501' })
  await rejects(readOnly.query({ text: `delete from "${applicationId}".watches` }), { code: '25006' })

  const redis = new Redis(services.redis)
  const [, name = '', ...rules] = redisReaderRules()
  const user = `${name}_${role}`
  await redis.call('ACL', 'SETUSER', user, ...rules)
  const asUser = new Redis(services.redis, { username: user, password: name, retryStrategy: null })
  t.after(async () => {
    await redis.call('ACL', 'DELUSER', user)
    redis.disconnect()
    asUser.disconnect()
  })
  equal(await asUser.get('no such key'), null)
  await rejects(asUser.set('key', 'value'), /NOPERM/)
  await rejects(asUser.eval("return redis.call('SET', KEYS[1], 'value')", 1, 'key'), /NOPERM/)
})
