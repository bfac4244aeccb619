import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { TestContext } from 'node:test'
import { openRedis } from '../../bin/redis.ts'
import { itemPopularity } from '../../stores/item-popularity.ts'
import { rankingOf } from '../../streams/index.ts'
import { openRedisProjection, openRedisReader, type RedisClient } from '../../streams/runtime.ts'
import { startApi, type ApiProcess } from '../helpers/api-process.ts'
import { openFaultWorld, type OpenFaultWorld } from '../helpers/faults.ts'
import { openOwnRedisCluster, type OwnRedisCluster } from '../helpers/own-redis-cluster.ts'
import type { OwnRedis } from '../helpers/own-redis.ts'
import { assertProjection, projectionLevel, withRedisReader } from '../helpers/projection.ts'
import { caughtUp, workerEnvironment } from '../helpers/recommender.ts'
import { redisReaderRules } from '../helpers/redis-reader-rules.ts'
import { integrationTest, uniqueName, type Services } from '../helpers/services.ts'
import { popularity } from '../streams/projection/state-reader.contract.ts'

const MILLRACE = fileURLToPath(new URL('../../bin/millrace.js', import.meta.url))
const SHARDS = 8

integrationTest('a Redis Cluster serves /reco undegraded, is built anew where a master lost its data, and is emptied by a reset on every master', async (t, single) => {
  const { cluster, services, world } = await openClusterWorld(t, single, { seed: 61, events: 3_000, feedMs: 0 })
  const { applicationId, topics, expected } = world
  for (const master of cluster.masters) await addReader(master)
  const api = await startApi(t, { ...workerEnvironment(services, applicationId, topics), REDIS_URL: asReader(cluster) })
  await world.feed()
  const worker = world.start()
  await world.assertAll(worker)
  await api.undegraded(5_000)
  const users = [...new Set(expected.user_history.map(({ user_id: user }) => user))].slice(0, 20)
  ok((await askAll(api, users)).every(({ status, degraded, items }) => status === 200 && degraded === undefined && items === 20))

  const fullest = await fullestOf(cluster)
  await fullest.kill()
  const without = []
  // No more at once than Postgres is promised to bear.
  for (let time = 0; time < 5; time++) without.push(...await askAll(api, users))
  ok(without.every(({ status, items }) => status === 200 && items === 20), JSON.stringify(without.find(({ status }) => status !== 200)))
  await fullest.start()
  await addReader(fullest)
  await cluster.isWhole()
  await api.undegraded(15_000)
  await projectionLevel(services, applicationId)
  await withRedisReader(services, applicationId, async reader => await assertProjection(reader, expected))
  ok((await askAll(api, users)).every(({ degraded }) => degraded === undefined))

  equal(await worker.stop(), 0)
  // So that every master has something of ours: what an application spread wider has left.
  const redis = await connect(t, cluster)
  for (let shard = 0; shard < 64; shard++) await redis.set(`{${applicationId}:${shard}}:1:left`, 'over')
  ok((await sizes(cluster)).every(size => size > 0))
  const env = { ...process.env, KAFKA_BOOTSTRAP: services.kafka, DATABASE_URL: services.postgres, REDIS_URL: cluster.address, REDIS_CLUSTER: 'true' }
  const { stdout } = await promisify(execFile)(process.execPath, [MILLRACE, 'reset', '--application-id', applicationId, '--execute'], { env })
  ok(/Deleted \d+ Redis keys/.test(stdout), stdout)
  deepEqual(await sizes(cluster), [0, 0, 0])
})

integrationTest('under load a shard may go to a replica of its master: nothing is lost, and /reco answers', async (t, single) => {
  const { cluster, services, world } = await openClusterWorld(t, single, { seed: 62, feedMs: 4_000 })
  const { applicationId, topics, expected } = world
  const api = await startApi(t, workerEnvironment(services, applicationId, topics))
  const fed = world.feed()
  const worker = world.start()
  await world.underWay(worker)
  await projectionBegun(cluster)

  const replica = await cluster.addReplica(await fullestOf(cluster))
  await replica.client.call('CLUSTER', 'FAILOVER')
  const statuses: number[] = []
  while (!(await replica.client.info('replication')).includes('role:master')) statuses.push((await api.get('/reco?user_id=u&session_id=s&k=5')).status)
  for (let index = 0; index < 20; index++) statuses.push((await api.get('/reco?user_id=u&session_id=s&k=5')).status)
  await fed
  await caughtUp(services, applicationId, topics, worker)

  ok(statuses.every(status => status === 200), statuses.join())
  await projectionLevel(services, applicationId)
  await withRedisReader(services, applicationId, async reader => await assertProjection(reader, expected))
  equal(await worker.stop(), 0)
})

integrationTest('while a slot moves, its shard is whole or does not answer', async t => {
  const cluster = await openOwnRedisCluster(t)
  const redis = await connect(t, cluster)
  const applicationId = uniqueName(t)
  const projection = openRedisProjection({ redis, applicationId, generation: 'g', shards: 1 })
  const reader = openRedisReader({ redis, applicationId, shards: 1, generation: () => 'g' })
  const ask = async () => await reader.read([rankingOf(itemPopularity, { limit: 5 })])
  await projection.beginBuild('1', [])
  await projection.apply([popularity({ a: 2, b: 1 })], [])
  await projection.advance('1', 'ready', [])
  const whole = await ask()
  const slot = await redis.cluster('KEYSLOT', `{${applicationId}:0}:fence`)
  const source = await serverOf(cluster, slot)
  const target = cluster.masters.find(each => each !== source) ?? source
  const [sourceId, targetId] = [String(await source.client.call('CLUSTER', 'MYID')), String(await target.client.call('CLUSTER', 'MYID'))]
  const move = async (key: string): Promise<unknown> => await source.client.call('MIGRATE', '127.0.0.1', target.port, key, 0, 5_000, 'AUTH', 'secret')

  await target.client.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', sourceId)
  await source.client.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', targetId)
  deepEqual(await ask(), whole)
  await move(`{${applicationId}:0}:fence`)
  await rejects(ask)
  await rejects(projection.apply([popularity({ c: 9 })], []))
  await move(`{${applicationId}:0}:1:item_popularity`)
  for (const { client } of [target, source]) await client.call('CLUSTER', 'SETSLOT', slot, 'NODE', targetId)

  deepEqual(await ask(), whole)
  equal(await projection.apply([popularity({ c: 9 })], []), 'ok')
  deepEqual(await ask(), [[{ member: 'c', count: 9 }, { member: 'a', count: 2 }, { member: 'b', count: 1 }]])
})

async function openClusterWorld (t: TestContext, single: Services, options: Omit<OpenFaultWorld, 'measured'>) {
  const cluster = await openOwnRedisCluster(t)
  const services: Services = { ...single, redis: cluster.address, redisShards: SHARDS }
  return { cluster, services, world: await openFaultWorld(t, services, { measured () {}, ...options }) }
}

/** As worker and API connect. */
async function connect (t: Pick<TestContext, 'after'>, { address }: OwnRedisCluster): Promise<RedisClient> {
  const redis = openRedis({ url: address, cluster: true, security: {} })
  t.after(() => { redis.disconnect() })
  await once(redis, 'ready')
  return redis
}

const [, READER = '', ...READER_RULES] = redisReaderRules()

/** The user that may only read; a server that starts anew has forgotten it. */
async function addReader ({ client }: OwnRedis): Promise<void> {
  await client.call('ACL', 'SETUSER', READER, ...READER_RULES)
}

function asReader ({ address }: OwnRedisCluster): string {
  return address.replaceAll(':secret@', `${READER}:${READER}@`)
}

async function askAll (api: ApiProcess, users: readonly string[]) {
  return await Promise.all(users.map(async user => {
    const { status, body } = await api.get(`/reco?user_id=${encodeURIComponent(user)}&session_id=s&k=20`)
    return { status, degraded: body.degraded, items: body.items?.length }
  }))
}

async function sizes ({ masters }: OwnRedisCluster): Promise<number[]> {
  return await Promise.all(masters.map(async ({ client }) => await client.dbsize()))
}

async function fullestOf (cluster: OwnRedisCluster): Promise<OwnRedis> {
  const counts = await sizes(cluster)
  const fullest = cluster.masters[counts.indexOf(Math.max(...counts))]
  if (fullest === undefined) throw new Error('a cluster has masters')
  return fullest
}

async function projectionBegun (cluster: OwnRedisCluster): Promise<void> {
  while (!(await sizes(cluster)).some(size => size > 10)) await new Promise(resolve => setTimeout(resolve, 50))
}

async function serverOf ({ masters }: OwnRedisCluster, slot: number): Promise<OwnRedis> {
  for (const master of masters) {
    if (Number(await master.client.call('CLUSTER', 'COUNTKEYSINSLOT', slot)) > 0) return master
  }
  throw new Error(`no master has keys of slot ${slot}`)
}
