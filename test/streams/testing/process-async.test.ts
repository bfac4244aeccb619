import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type } from 'typebox'
import { defineAsyncProcessor, defineDependency, defineTopic, defineTopology, delayTopics, isRejected, inPlace, isValid, ordered, rateLimit, type AsyncProcessorOptions, type CallContext, type Topology } from '../../../streams/index.ts'
import { createTestDriver } from '../../../streams/testing.ts'

const orders = defineTopic({ name: 'orders' })
const priced = defineTopic({ name: 'priced' })
const deadLetters = defineTopic({ name: 'orders-dlq' })
const Order = Type.Object({ id: Type.Integer() })

type Work = (order: { readonly id: number }, context: CallContext) => Promise<{ readonly id: number } | undefined>

function priceBy (work: Work, options: Omit<AsyncProcessorOptions<{ id: number }, { id: number }>, 'name' | 'process' | 'batch' | 'processBatch'> = {}): Topology {
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

const partner = defineDependency({ name: 'partner', breaker: { minimumCalls: 3, failureRate: 0.5, window: '10s', cooldown: '5s' } })

test('while a breaker is open nothing is called, and no record is lost or counted for it', async () => {
  let isDown = true
  const calls: number[] = []
  const driver = createTestDriver(priceBy(async (order, { now, attempt }) => {
    calls.push(now())
    assert.ok(attempt < 4)
    if (isDown) throw new Error('connection refused')
    return order
  }, { needs: [partner], retry: delayTopics({ delays: ['1s', '1s', '1s'] }) }))
  await driver.topic(orders).pipeAll([1, 2, 3, 4, 5].map(id => ({ key: `k${id}`, value: { id } })))
  assert.equal(calls.length, 5, 'those that had begun')
  for (let second = 0; second < 60; second++) await driver.advanceWallClock(1_000)
  const probes = calls.splice(0).slice(5)
  assert.ok(probes.length <= 12, `${probes.length} probes in 60 s`)
  isDown = false
  await driver.advanceWallClock(5_000)
  await driver.advanceWallClock(2_000)
  assert.deepEqual((await driver.output(priced).readValues()).map(value => JSON.stringify(value)).sort(), [1, 2, 3, 4, 5].map(id => JSON.stringify({ id })))
  assert.deepEqual(await driver.deadLetters(), [])
})

test('in place a record is tried again until it works, and later ones of its key wait', async () => {
  const driver = createTestDriver(priceBy(async (order, { attempt }) => {
    if (order.id === 1 && attempt < 3) throw new Error('busy')
    return order
  }, { retry: inPlace({ delays: { first: '100ms', factor: 2, max: '1s' }, attempts: Infinity }) }))
  await driver.topic(orders).pipeAll([{ key: 'a', value: { id: 1 } }, { key: 'a', value: { id: 2 } }, { key: 'b', value: { id: 3 } }])
  await driver.advanceWallClock(100)
  assert.deepEqual(await driver.output(priced).readValues(), [{ id: 3 }])
  await driver.advanceWallClock(200)
  assert.deepEqual(await driver.output(priced).readValues(), [{ id: 1 }, { id: 2 }])
})

test('a call that is not answered in time has failed, and its signal is aborted', async () => {
  const reasons: string[] = []
  const driver = createTestDriver(priceBy(async (order, { signal, sleep }) => {
    signal.addEventListener('abort', () => reasons.push(String(signal.reason)))
    await sleep(10_000)
    return order
  }, { timeoutMs: 1_000, retry: inPlace({ delays: ['1s'], attempts: 1 }), onFailure: ({ value }, { reason, attempts }) => ({ id: reason === 'exhausted' ? -value.id * attempts : 0 }) }))
  await driver.topic(orders).pipe('a', { id: 7 })
  await driver.advanceWallClock(1_000)
  assert.deepEqual(reasons, ["TimeoutError: Node 'price' had no answer within 1000 ms"])
  assert.deepEqual((await driver.deadLetters()).map(({ errorType }) => errorType), ['exhausted'])
  assert.deepEqual(await driver.output(priced).readValues(), [{ id: -7 }])
})

test('calls keep to a rate', async () => {
  const calls: number[] = []
  const driver = createTestDriver(priceBy(async (order, { now }) => {
    calls.push(now())
    return order
  }, { rateLimit: rateLimit({ permits: 2, per: '1s', burst: 1 }) }))
  await driver.topic(orders).pipeAll([1, 2, 3].map(id => ({ key: `k${id}`, value: { id } })))
  for (let tick = 0; tick < 20; tick++) await driver.advanceWallClock(100)
  assert.deepEqual(calls, [0, 500, 1_000])
})

test('what comes of calls without an order comes as they are done; with the partition\'s, one is made after the other', async () => {
  for (const [order, expected] of [['none', [2, 1]], ['partition', [1, 2]]] as const) {
    const driver = createTestDriver(priceBy(async (value, { sleep }) => {
      await sleep(value.id === 1 ? 200 : 100)
      return value
    }, { order }))
    await driver.topic(orders).pipeAll([{ key: 'a', value: { id: 1 } }, { key: 'a', value: { id: 2 } }])
    for (let tick = 0; tick < 4; tick++) await driver.advanceWallClock(100)
    assert.deepEqual((await driver.output(priced).readAll()).map(({ value }) => (value as { id: number }).id), expected, order)
  }
})

test('a batch is called when it is full or its first record has waited long enough, and an Error is one record\'s failure', async () => {
  const batches: number[][] = []
  const send = defineAsyncProcessor({
    name: 'send',
    input: Order,
    output: Order,
    batch: { size: 2, withinMs: 100 },
    retry: inPlace({ delays: ['1s'], attempts: 1 }),
    processBatch: async (records, { idempotencyKeys }) => {
      assert.equal(idempotencyKeys.length, records.length)
      batches.push(records.map(({ value: { id } }) => id))
      return records.map(({ value }) => value.id === 2 ? new Error('refused') : value)
    }
  })
  const driver = createTestDriver(defineTopology('sending', { deadLetters: { topic: deadLetters, format: 'raw' } }, ({ stream }) => {
    stream(orders).validate(Order).branch({ valid: isValid, dlq: isRejected }).valid.processAsync(send).to(priced)
  }))
  await driver.topic(orders).pipeAll([1, 2, 3].map(id => ({ key: `k${id}`, value: { id } })))
  assert.deepEqual(batches, [[1, 2]])
  await driver.advanceWallClock(100)
  assert.deepEqual(batches, [[1, 2], [3]])
  assert.deepEqual(await driver.output(priced).readValues(), [{ id: 1 }, { id: 3 }])
  assert.equal((await driver.deadLetters()).length, 1)
})

test('a record whose last attempt failed just before its breaker opened is not given up for the outage', async () => {
  let isDown = false
  const driver = createTestDriver(priceBy(async order => {
    if (isDown || order.id === 1) throw new Error('refused')
    return order
  }, { needs: [partner], concurrency: 1, retry: delayTopics({ delays: ['1s'] }) }))
  const input = driver.topic(orders)
  await input.pipe('k1', { id: 1 })
  isDown = true
  await driver.advanceWallClock(1_000)
  assert.deepEqual(await driver.deadLetters(), [])
  await input.pipeAll([2, 3, 4].map(id => ({ key: `k${id}`, value: { id } })))
  assert.deepEqual(await driver.deadLetters(), [], 'the breaker is open now')
  isDown = false
  for (let second = 0; second < 10; second++) await driver.advanceWallClock(1_000)
  assert.deepEqual((await driver.output(priced).readValues()).length, 3)
  await driver.advanceWallClock(30_000)
  assert.deepEqual((await driver.deadLetters()).map(({ source: { offset } }) => offset), [0], 'its own last attempt is made when the dependency is up')
})

const quiet = defineDependency({ name: 'partner', breaker: { minimumCalls: 10, window: '10s', cooldown: '5s' } })

test('with little traffic an outage longer than all delays adds no dead letter', async () => {
  let isDown = false
  const calls: number[] = []
  const driver = createTestDriver(priceBy(async (order, { now }) => {
    calls.push(now())
    if (isDown) throw new Error('connection refused')
    return order
  }, { needs: [quiet], timeoutMs: 1_000, retry: delayTopics({ delays: ['1s', '1s'] }) }))
  const input = driver.topic(orders)
  await input.pipe('k1', { id: 1 })
  isDown = true
  await input.pipe('k2', { id: 2 })
  await input.pipe('k3', { id: 3 })
  for (let second = 0; second < 60; second++) await driver.advanceWallClock(1_000)

  assert.deepEqual(await driver.deadLetters(), [])
  const inOutage = calls.length - 1
  assert.ok(inOutage >= 6 + 9 && inOutage <= 6 + 13, `${inOutage} calls: three attempts each, then a probe in 5 s`)
  isDown = false
  for (let second = 0; second < 10; second++) await driver.advanceWallClock(1_000)
  assert.deepEqual((await driver.output(priced).readValues()).map(value => JSON.stringify(value)).sort(), [1, 2, 3].map(id => JSON.stringify({ id })))
})

test('with little traffic a record that never works is given up when others have worked meanwhile', async () => {
  let tried = 0
  const driver = createTestDriver(priceBy(async order => {
    if (order.id === 1) {
      tried++
      throw new Error('busy')
    }
    return order
  }, { needs: [quiet], timeoutMs: 1_000, retry: delayTopics({ delays: ['1s', '1s'] }) }))
  const input = driver.topic(orders)
  await input.pipe('k1', { id: 1 })
  for (let second = 0; second < 60; second++) await driver.advanceWallClock(1_000)
  assert.deepEqual(await driver.deadLetters(), [], 'it may be the dependency')
  assert.ok(tried <= 3 + 12, `it is a probe: ${tried} calls`)

  await input.pipe('k2', { id: 2 })
  for (let second = 0; second < 10; second++) await driver.advanceWallClock(1_000)
  assert.deepEqual(await driver.output(priced).readValues(), [{ id: 2 }])
  assert.deepEqual((await driver.deadLetters()).map(({ errorType, source: { offset } }) => [errorType, offset]), [['exhausted', 0]])
})

test('a record that nobody but itself could tell about is tried until it is too old', async () => {
  const calls: number[] = []
  const driver = createTestDriver(priceBy(async (_order, { now }) => {
    calls.push(now())
    throw new Error('busy')
  }, { needs: [quiet], timeoutMs: 1_000, retry: delayTopics({ delays: ['1s'], maxAge: '1m' }) }))
  await driver.topic(orders).pipe('k1', { id: 1 })
  for (let second = 0; second < 120; second++) await driver.advanceWallClock(1_000)
  assert.deepEqual((await driver.deadLetters()).map(({ errorType }) => errorType), ['too-old'])
  const last = calls.at(-1) ?? 0
  assert.ok(last > 60_000 && last <= 66_000, `the last call was at ${last}`)
})

test('what is due goes before what is here for the first time', async () => {
  const calls: string[] = []
  const driver = createTestDriver(priceBy(async (order, { attempt, sleep }) => {
    calls.push(`${order.id}/${attempt}`)
    if (order.id === 1 && attempt === 1) throw new Error('busy')
    await sleep(1_000)
    return order
  }, { concurrency: 1, retry: ordered({ delays: ['1s'] }) }))
  await driver.topic(orders).pipeAll([1, 2, 3, 4, 5].map(id => ({ key: `k${id}`, value: { id } })))
  for (let second = 0; second < 6; second++) await driver.advanceWallClock(1_000)
  assert.deepEqual(calls.slice(0, 4), ['1/1', '2/1', '1/2', '3/1'])
})

test('what comes back from a delay topic goes before what waits for its key for the first time', async () => {
  const calls: string[] = []
  const driver = createTestDriver(priceBy(async (order, { attempt, sleep }) => {
    calls.push(`${order.id}/${attempt}`)
    if (order.id === 1 && attempt === 1) throw new Error('busy')
    await sleep(900)
    return order
  }, { retry: delayTopics({ delays: ['1s'] }) }))
  await driver.topic(orders).pipeAll([1, 2, 3, 4, 5].map(id => ({ key: 'a', value: { id } })))
  for (let tick = 0; tick < 60; tick++) await driver.advanceWallClock(100)
  assert.deepEqual(calls, ['1/1', '2/1', '3/1', '1/2', '4/1', '5/1'])
})
