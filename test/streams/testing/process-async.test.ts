import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type } from 'typebox'
import { defineAsyncProcessor, defineTopic, defineTopology, delayTopics, isRejected, isValid, type CallContext, type RetryPolicy, type Topology } from '../../../streams/index.ts'
import { createTestDriver } from '../../../streams/testing.ts'

const orders = defineTopic({ name: 'orders' })
const priced = defineTopic({ name: 'priced' })
const deadLetters = defineTopic({ name: 'orders-dlq' })
const Order = Type.Object({ id: Type.Integer() })

type Work = (order: { readonly id: number }, context: CallContext) => Promise<{ readonly id: number } | undefined>

function priceBy (work: Work, options: { readonly retry?: RetryPolicy } = {}): Topology {
  const price = defineAsyncProcessor({ name: 'price', input: Order, output: Order, ...options, process: async ({ value }, context) => await work(value, context) })
  return defineTopology('pricing', { deadLetters: { topic: deadLetters, format: 'raw' } }, ({ stream }) => {
    stream(orders).validate(Order).branch({ valid: isValid, dlq: isRejected }).valid.processAsync(price).to(priced)
  })
}

test('what comes of a call goes on under the record\'s key, committed', async () => {
  const driver = createTestDriver(priceBy(async ({ id }) => ({ id: id * 2 })))
  await driver.topic(orders).pipe('a', { id: 1 })
  assert.deepEqual((await driver.output(priced).readAll()).map(({ key, value }) => [key, value]), [['a', { id: 2 }]])
})

test('a call that sleeps goes on when the clock is moved', async () => {
  const driver = createTestDriver(priceBy(async (order, { sleep }) => {
    await sleep(1_000)
    return order
  }))
  await driver.topic(orders).pipe('a', { id: 1 })
  assert.deepEqual(await driver.output(priced).readValues(), [])
  await driver.advanceWallClock(1_000)
  assert.deepEqual(await driver.output(priced).readValues(), [{ id: 1 }])
})

test('a record that fails comes back when its delay is over, and never earlier; after the last one it is a dead letter', async () => {
  const at: number[] = []
  const driver = createTestDriver(priceBy(async (_order, { now }) => {
    at.push(now())
    throw new Error('busy')
  }, { retry: delayTopics({ delays: ['5m', '10m'] }) }))
  await driver.topic(orders).pipe('a', { id: 1 })
  await driver.advanceWallClock(299_999)
  assert.deepEqual(at, [0])
  await driver.advanceWallClock(1)
  assert.deepEqual(at, [0, 300_000])
  await driver.restart()
  await driver.advanceWallClock(600_000)
  assert.deepEqual(at, [0, 300_000, 900_000])
  const [letter] = await driver.deadLetters()
  assert.equal(letter?.errorType, 'exhausted')
  assert.deepEqual(letter.source, { topic: 'orders', partition: 0, offset: 0 })
})
