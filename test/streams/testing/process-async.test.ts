import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type } from 'typebox'
import { defineAsyncProcessor, defineTopic, defineTopology, delayTopics, isRejected, isValid, ordered, type CallContext, type RetryPolicy, type Topology } from '../../../streams/index.ts'
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

test('while a key waits for another attempt its later records wait behind it, and all other keys go on', async () => {
  const calls: string[] = []
  const driver = createTestDriver(priceBy(async (order, { attempt, recordMetadata: { offset } }) => {
    calls.push(`${order.id}/${attempt}@${offset}`)
    if (order.id === 1 && attempt < 3) throw new Error('busy')
    return order
  }, { retry: ordered({ delays: ['1s', '1s', '1s'] }) }), { maxUnitRecords: 10 })
  const input = driver.topic(orders)
  await input.pipeAll([{ key: 'a', value: { id: 1 } }, { key: 'a', value: { id: 2 } }, { key: 'b', value: { id: 3 } }])
  assert.deepEqual(await driver.output(priced).readValues(), [{ id: 3 }])
  await driver.restart()
  await input.pipe('a', { id: 4 })
  await driver.advanceWallClock(999)
  assert.deepEqual(calls, ['1/1@0', '3/1@2'])
  await driver.advanceWallClock(1)
  await driver.rebalance()
  assert.deepEqual(await driver.output(priced).readValues(), [])
  await driver.advanceWallClock(1_000)
  assert.deepEqual(calls, ['1/1@0', '3/1@2', '1/2@0', '1/3@0', '2/1@1', '4/1@3'])
  assert.deepEqual(await driver.output(priced).readValues(), [{ id: 1 }, { id: 2 }, { id: 4 }])
  await input.pipe('a', { id: 5 })
  assert.deepEqual(await driver.output(priced).readValues(), [{ id: 5 }])
})

test('a key whose first record is given up goes on with the next', async () => {
  const driver = createTestDriver(priceBy(async order => {
    if (order.id === 1) throw new Error('never')
    return order
  }, { retry: ordered({ delays: ['1s'] }) }))
  await driver.topic(orders).pipeAll([{ key: 'a', value: { id: 1 } }, { key: 'a', value: { id: 2 } }])
  await driver.advanceWallClock(1_000)
  assert.deepEqual((await driver.deadLetters()).map(({ errorType, source: { offset } }) => [errorType, offset]), [['exhausted', 0]])
  assert.deepEqual(await driver.output(priced).readValues(), [{ id: 2 }])
})

test('calls that were in flight are made again after a crash, with the same key, and no others', async () => {
  const keys: string[] = []
  const driver = createTestDriver(priceBy(async (order, { sleep, idempotencyKey }) => {
    keys.push(idempotencyKey)
    if (order.id === 1) await sleep(1_000)
    return order
  }))
  await driver.topic(orders).pipeAll([{ key: 'a', value: { id: 1 } }, { key: 'b', value: { id: 2 } }, { key: 'c', value: { id: 3 } }])
  assert.deepEqual(await driver.output(priced).readValues(), [{ id: 2 }, { id: 3 }])
  await driver.restart()
  await driver.advanceWallClock(1_000)
  assert.deepEqual(await driver.output(priced).readValues(), [{ id: 1 }])
  assert.deepEqual(keys, ['test/orders/0/orders-0@0/price#0', 'test/orders/0/orders-0@1/price#0', 'test/orders/0/orders-0@2/price#0', 'test/orders/0/orders-0@0/price#0'])
})
