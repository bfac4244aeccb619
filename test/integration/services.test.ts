import assert from 'node:assert/strict'
import { Admin } from '@platformatic/kafka'
import { Redis } from 'ioredis'
import { Client } from 'pg'
import { freshApplicationId, freshTopics, integrationTest, type Services } from '../helpers/services.ts'

integrationTest('a test leaves neither its schema, nor its keys, nor its topics behind', async (t, services) => {
  const left = { id: '', topic: '' }
  await t.test('a test that uses all three', async t => {
    left.id = freshApplicationId(t, services)
    left.topic = (await freshTopics(t, services, ['watches'], 3)).watches
    await write(services, left.id)

    assert.deepEqual(await seen(services, left), { schema: true, key: true, topic: true })
  })

  assert.deepEqual(await seen(services, left), { schema: false, key: false, topic: false })
})

integrationTest('two ids do not touch each other', async (t, services) => {
  const kept = freshApplicationId(t, services)
  await write(services, kept)
  await t.test('another', async t => {
    await write(services, freshApplicationId(t, services))
  })

  assert.deepEqual(await seen(services, { id: kept, topic: '' }), { schema: true, key: true, topic: false })
})

async function write (services: Services, id: string): Promise<void> {
  await using client = await connected(services.postgres)
  await client.query(`create schema "${id}"`)
  const redis = new Redis(services.redis)
  await redis.set(`{${id}:0}:pop`, '1')
  redis.disconnect()
}

async function seen (services: Services, { id, topic }: { id: string, topic: string }): Promise<{ schema: boolean, key: boolean, topic: boolean }> {
  await using client = await connected(services.postgres)
  const { rowCount } = await client.query('select 1 from pg_namespace where nspname = $1', [id])
  const redis = new Redis(services.redis)
  const keys = await redis.exists(`{${id}:0}:pop`)
  redis.disconnect()
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: [services.kafka] })
  const topics = await admin.listTopics()
  await admin.close()
  return { schema: rowCount === 1, key: keys === 1, topic: topics.includes(topic) }
}

async function connected (connectionString: string): Promise<Client & AsyncDisposable> {
  const client = new Client({ connectionString })
  await client.connect()
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() })
}
