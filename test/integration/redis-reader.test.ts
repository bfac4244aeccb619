import { deepEqual, equal, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import { Redis } from 'ioredis'
import { itemPopularity } from '../../stores/item-popularity.ts'
import { userHistory } from '../../stores/user-history.ts'
import { entriesOf, NotLevelError, rankingOf, valueOf } from '../../streams/index.ts'
import { openRedisProjection, openRedisReader } from '../../streams/runtime.ts'
import { popularity, stateReaderContract } from '../streams/projection/state-reader.contract.ts'
import { servicesOrSkip, uniqueName, type Owner } from '../helpers/services.ts'
import { profiles } from '../helpers/stores.ts'

const GENERATION = 'generation-1'

async function open (t: Owner & { skip: (reason: string) => void }, shards = 1) {
  const services = await servicesOrSkip(t)
  if (services === undefined) return undefined
  const redis = new Redis(services.redis)
  const applicationId = uniqueName(t)
  const projection = openRedisProjection({ redis, applicationId, generation: GENERATION, shards })
  t.after(async () => {
    const keys = await redis.keys(`{${applicationId}:*`)
    if (keys.length > 0) await redis.unlink(keys)
    redis.disconnect()
  })
  return { redis, applicationId, projection, reader: openRedisReader({ redis, applicationId, shards, generation: () => GENERATION }) }
}

for (const shards of [1, 8]) {
  stateReaderContract(`Redis, ${shards} shard${shards === 1 ? '' : 's'}`, async (t, changes) => {
    const opened = await open(t, shards)
    if (opened === undefined) return undefined
    await opened.projection.beginBuild('1', [])
    equal(await opened.projection.apply(changes, []), 'ok')
    await opened.projection.advance('1', 'ready', [])
    return opened.reader
  })
}

void test('an older count, list or value does not replace a newer one, and a deleted value stays deleted', async t => {
  const opened = await open(t)
  if (opened === undefined) return
  const { projection, reader } = opened
  const list = (newest: number) => ({ kind: 'list' as const, store: userHistory, values: new Map([['u', { newest, added: 1, entries: [{ item_id: `i${newest}`, ts: 0 }] }]]) })
  const value = (version: number, stored: unknown) => ({ kind: 'keyed' as const, store: profiles, values: new Map([['k', { version, value: stored }]]) })
  await projection.beginBuild('1', [])
  await projection.advance('1', 'ready', [])

  await projection.apply([popularity({ a: 5 }), list(2), value(7, 'new')], [])
  await projection.apply([popularity({ a: 4 }), list(1), value(6, 'old')], [])
  const read = async () => await reader.read([rankingOf(itemPopularity, { limit: 5 }), entriesOf(userHistory, { user_id: 'u' }), valueOf(profiles, { key: 'k' })])
  deepEqual(await read(), [[{ member: 'a', count: 5 }], [{ item_id: 'i2', ts: 0 }], 'new'])

  await projection.apply([value(8, undefined)], [])
  await projection.apply([value(7, 'late')], [])
  equal((await read())[2], undefined)
})

void test('what was spread over another number of shards is not served: its keys lie elsewhere', async t => {
  const opened = await open(t, 8)
  if (opened === undefined) return
  const { redis, applicationId, projection } = opened
  await projection.beginBuild('1', [])
  await projection.apply([popularity({ a: 1 })], [])
  await projection.advance('1', 'ready', [])

  const narrower = openRedisReader({ redis, applicationId, shards: 1, generation: () => GENERATION })
  const [fence] = await openRedisProjection({ redis, applicationId, generation: GENERATION, shards: 1 }).fences()

  await rejects(async () => await narrower.read([rankingOf(itemPopularity, { limit: 1 })]), NotLevelError)
  equal(fence?.shards, 8)
})

void test('a key of another type is told apart from an outage, and a fence of another type is none', async t => {
  const opened = await open(t)
  if (opened === undefined) return
  const { redis, applicationId, projection, reader } = opened
  await projection.beginBuild('1', [])
  await redis.set(`{${applicationId}:0}:1:item_popularity`, 'not ours')

  equal(await projection.apply([popularity({ a: 1 })], []), 'broken')

  await redis.set(`{${applicationId}:0}:fence`, 'not ours')
  deepEqual(await projection.fences(), [undefined])
  await projection.beginBuild('2', [])
  equal(await projection.apply([popularity({ a: 1 })], []), 'ok')
  await projection.sweep('2')
  equal(await projection.advance('2', 'ready', []), true)
  deepEqual(await reader.read([rankingOf(itemPopularity, { limit: 1 })]), [[{ member: 'a', count: 1 }]])
  deepEqual((await redis.keys(`{${applicationId}:*`)).sort(), [`{${applicationId}:0}:2:item_popularity`, `{${applicationId}:0}:fence`])
})

void test('a sweep that was overtaken by another build deletes nothing of it', async t => {
  const opened = await open(t)
  if (opened === undefined) return
  const { redis, applicationId, projection } = opened
  await projection.beginBuild('2', [])
  await projection.apply([popularity({ a: 1 })], [])

  await projection.sweep('1')

  equal(await redis.exists(`{${applicationId}:0}:2:item_popularity`), 1)
})

void test('a fence counts units without a gap, and what is not vouched for is not served', async t => {
  const opened = await open(t)
  if (opened === undefined) return
  const { projection, reader } = opened
  const ask = async () => await reader.read([rankingOf(itemPopularity, { limit: 1 })])

  equal(await projection.apply([popularity({ a: 1 })], [['watches/0', 1]]), 'stale')
  await rejects(ask, NotLevelError)

  await projection.beginBuild('1', [['watches/0', 4]])
  await rejects(ask, NotLevelError)
  equal(await projection.apply([popularity({ a: 1 })], [['watches/0', 5]]), 'ok')
  equal(await projection.apply([popularity({ a: 2 })], [['watches/0', 7]]), 'gap')
  await projection.advance('1', 'ready', [])
  deepEqual(await ask(), [[{ member: 'a', count: 2 }]])
  deepEqual((await projection.fences())[0]?.units, new Map([['watches/0', 5]]))

  equal(await projection.apply([popularity({ a: 3 })], [], 'another-build'), 'stale')
  await projection.beginBuild('2', [])
  equal(await projection.advance('1', 'ready', []), false)
  await rejects(ask, NotLevelError)
})
