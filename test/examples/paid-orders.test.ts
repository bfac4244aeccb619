import { deepEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { orders, orderStates, paidOrders, payments } from '../../examples/paid-orders.ts'
import { createTestDriver } from '../../streams/testing.ts'

const MINUTE = 60_000

test('an order is paid as soon as its payment is there', async () => {
  const driver = createTestDriver(paidOrders)

  await driver.topic(orders).pipe('o1', { customer: 'Ada', amount: 30 }, { timestamp: 0 })
  await driver.topic(payments).pipe('p1', { order: 'o1', amount: 30 }, { timestamp: 20 * MINUTE })

  const [state] = await driver.output(orderStates).readAll()
  deepEqual(state, { key: 'o1', value: { customer: 'Ada', state: 'paid' }, timestamp: 20 * MINUTE, headers: [], partition: 0 })
})

test('which of the two comes first does not matter, what it is worth does', async () => {
  const driver = createTestDriver(paidOrders)

  await driver.topic(payments).pipe('p1', { order: 'o1', amount: 29 }, { timestamp: 20 * MINUTE })
  await driver.topic(orders).pipe('o1', { customer: 'Ada', amount: 30 }, { timestamp: 0 })

  deepEqual(await driver.output(orderStates).readValues(), [{ customer: 'Ada', state: 'underpaid' }])
})

test('an order is unpaid when its hour and the grace are over, which a later record has to say', async () => {
  const driver = createTestDriver(paidOrders)
  const states = driver.output(orderStates)
  await driver.topic(orders).pipe('o1', { customer: 'Ada', amount: 30 }, { timestamp: 0 })

  await driver.topic(orders).pipe('o2', { customer: 'Bo', amount: 5 }, { timestamp: 61 * MINUTE })
  deepEqual(await states.readValues(), [])

  await driver.topic(orders).pipe('o3', { customer: 'Cy', amount: 5 }, { timestamp: 61 * MINUTE + 1 })
  deepEqual(await states.readValues(), [{ customer: 'Ada', state: 'unpaid' }])
})

test('a payment that is older than its order pays nothing', async () => {
  const driver = createTestDriver(paidOrders)

  await driver.topic(orders).pipe('o1', { customer: 'Ada', amount: 30 }, { timestamp: MINUTE })
  await driver.topic(payments).pipe('p1', { order: 'o1', amount: 30 }, { timestamp: 0 })

  deepEqual(await driver.output(orderStates).readValues(), [])
})
