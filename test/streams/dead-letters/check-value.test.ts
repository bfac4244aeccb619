import assert from 'node:assert/strict'
import { test } from 'node:test'
import Type from 'typebox'
import { objectionsTo } from '../../../streams/dead-letters/check-value.ts'
import { defineTopic, defineTopology, isRejected, isValid, serdes } from '../../../streams/index.ts'
import { SchemaNotLoaded } from '../../../streams/serdes/schema-not-loaded.ts'

const shop = defineTopology('shop', ({ stream }) => {
  const { valid, dlq } = stream(defineTopic({ name: 'orders' })).validate(Type.Object({ id: Type.String() }), { name: 'check-order' }).branch({ valid: isValid, dlq: isRejected })
  dlq.to(defineTopic({ name: 'dead' }), { format: 'raw' })
  valid.to(defineTopic({ name: 'good' }))
  stream(defineTopic({ name: 'payments', value: serdes.json(Type.Object({ amount: Type.Number() })) })).to(defineTopic({ name: 'paid' }))
})

const objections = async (topic: string, value: string | null): Promise<string[]> =>
  (await objectionsTo(shop, { topic, key: null, value: value === null ? null : Buffer.from(value), timestamp: 0 })).map(({ node, message }) => `${node}: ${message}`)

test('a value that the topology takes meets no objection', async () => {
  assert.deepEqual(await objections('orders', '{"id":"1"}'), [])
  assert.deepEqual(await objections('payments', '{"amount":1}'), [])
})

test('what the validation behind the source or the topic\'s serde turns away is said before it is sent', async () => {
  assert.deepEqual(await objections('orders', '{"id":1}'), ['check-order: /id must be string'])
  assert.match((await objections('orders', '{'))[0] ?? '', /not JSON/)
  assert.match((await objections('payments', '{"amount":"1"}'))[0] ?? '', /\/amount must be number/)
})

test('a topology that does not read the topic is of no use here, and says which ones it reads', async () => {
  await assert.rejects(objections('moves', '{}'), /Topology 'shop' does not read 'moves'.+reads 'orders', 'payments'/)
})

test('a schema that is not here yet is waited for', async () => {
  let isLoaded = false
  const value = {
    name: 'registered',
    encode: () => Buffer.alloc(0),
    decode () {
      if (!isLoaded) throw new SchemaNotLoaded('not yet', 1, async () => { isLoaded = true })
      return 1
    }
  }
  const topology = defineTopology('registered', ({ stream }) => stream(defineTopic({ name: 'in', value })).to(defineTopic({ name: 'out' })))

  assert.deepEqual(await objectionsTo(topology, { topic: 'in', key: null, value: Buffer.from('x'), timestamp: 0 }), [])
})
