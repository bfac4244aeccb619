import assert from 'node:assert/strict'
import { Cluster, Redis } from 'ioredis'
import { Client } from 'pg'
import { coVisitation } from '../../stores/co-visitation.ts'
import { coVisitationIn } from '../../stores/co-visitation-in.ts'
import { coVisitationOut } from '../../stores/co-visitation-out.ts'
import { itemPopularity } from '../../stores/item-popularity.ts'
import { userHistory } from '../../stores/user-history.ts'
import { entriesOf, NotLevelError, rankingOf, type Ranked, type StateReader } from '../../streams/index.ts'
import { openRedisReader } from '../../streams/runtime.ts'
import type { ModelResult } from './model.ts'
import type { Services } from './services.ts'

/** A reader of a test's projection, on connections of its own. */
export async function withRedisReader<T> (services: Services, applicationId: string, work: (reader: StateReader) => Promise<T>): Promise<T> {
  const { redis: url, redisShards } = services
  const redis = redisShards === undefined ? new Redis(url) : openCluster(url)
  const client = new Client({ connectionString: services.postgres })
  await client.connect()
  try {
    const { rows: [row] } = await client.query<{ generation: string }>(`select generation from "${applicationId}".millrace_application`)
    return await work(openRedisReader({ redis, applicationId, shards: redisShards ?? 1, generation: () => row?.generation }))
  } finally {
    await client.end()
    redis.disconnect()
  }
}

/** The servers that the cluster names itself are entered with the password of those that it is told. */
function openCluster (urls: string): Cluster {
  const seeds = urls.split(',')
  return new Cluster(seeds, { redisOptions: { password: new URL(seeds[0] ?? '').password } })
}

export async function withRedis<T> (services: Services, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(services.redis)
  try {
    return await work(redis)
  } finally {
    redis.disconnect()
  }
}

/** Waits until the projection vouches for itself and nothing waits in the outbox. */
export async function projectionLevel (services: Services, applicationId: string, timeoutMs = 30_000): Promise<void> {
  const client = new Client({ connectionString: services.postgres })
  await client.connect()
  try {
    const deadline = Date.now() + timeoutMs
    for (;;) {
      const { rows: [row] } = await client.query<{ waiting: string }>(`select count(*) as waiting from "${applicationId}".millrace_outbox`)
      if (row?.waiting === '0' && await isReady(services, applicationId)) return
      assert.ok(Date.now() < deadline, `after ${timeoutMs} ms ${row?.waiting} units wait for the projection`)
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  } finally {
    await client.end()
  }
}

export async function isReady (services: Services, applicationId: string): Promise<boolean> {
  // Enough of them that every shard is asked.
  const users = Array.from({ length: 8 * (services.redisShards ?? 1) }, (_, index) => `user-${index}`)
  return await withRedisReader(services, applicationId, async reader => {
    try {
      await reader.read([rankingOf(itemPopularity, { limit: 1 }), ...users.map(user => entriesOf(userHistory, { user_id: user }))])
      return true
    } catch (error) {
      if (error instanceof NotLevelError) return false
      throw error
    }
  })
}

/** Waits until all that Redis answers is what a fresh build would: what vouches for itself may still be mended. */
export async function projectionEquals (services: Services, applicationId: string, expected: ModelResult, timeoutMs = 60_000): Promise<void> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    try {
      await projectionLevel(services, applicationId, timeoutMs)
      return await withRedisReader(services, applicationId, async reader => await assertProjection(reader, expected))
    } catch (error) {
      if (Date.now() > deadline) throw error
      await new Promise(resolve => setTimeout(resolve, 200))
    }
  }
}

/** Ranks 1–100, every total and every history, as the model has them. */
export async function assertProjection (reader: StateReader, expected: ModelResult): Promise<void> {
  const popularity = expected.item_popularity.map(({ item_id: member, score: count }) => ({ member, count }))
  const whole = 10_000_000
  const [popular, outgoing, incoming] = await reader.read([
    rankingOf(itemPopularity, { limit: whole }), rankingOf(coVisitationOut, { limit: whole }), rankingOf(coVisitationIn, { limit: whole })
  ])
  assert.deepEqual(popular, ranked(popularity), 'item_popularity')
  assert.deepEqual(outgoing, ranked(expected.co_visitation_out.map(({ item_id: member, cnt: count }) => ({ member, count }))), 'co_visitation_out')
  assert.deepEqual(incoming, ranked(expected.co_visitation_in.map(({ item_id: member, cnt: count }) => ({ member, count }))), 'co_visitation_in')

  const links = Map.groupBy(expected.co_visitation, ({ prev_item_id: previous }) => previous)
  for (const [owner, rows] of links) {
    const [related] = await reader.read([rankingOf(coVisitation, { owner, limit: 100 })])
    assert.deepEqual(related, ranked(rows.map(({ next_item_id: member, cnt: count }) => ({ member, count }))).slice(0, 100), `co_visitation of ${owner}`)
  }
  for (const [user, rows] of Map.groupBy(expected.user_history, ({ user_id: userId }) => userId)) {
    const [history] = await reader.read([entriesOf(userHistory, { user_id: user })])
    assert.deepEqual(history, rows.toReversed().map(({ item_id: itemId, ts }) => ({ item_id: itemId, ts })), `user_history of ${user}`)
  }
}

function ranked (rows: readonly Ranked[]): Ranked[] {
  return rows.toSorted((a, b) => b.count - a.count || Buffer.compare(Buffer.from(a.member), Buffer.from(b.member)))
}
