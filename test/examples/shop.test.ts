import { deepEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { customers, openOrders, shipments } from '../../examples/orders-with-customers.ts'
import { orders, orderStates, payments } from '../../examples/paid-orders.ts'
import { shop } from '../../examples/shop.ts'
import { createTestDriver } from '../../streams/testing.ts'

test('both topologies run in one application, through a restart', async () => {
  const driver = createTestDriver(shop, { partitions: 2 })
  await driver.topic(orders).pipe('o1', { customer: 'Ada', amount: 30 }, { timestamp: 0 })
  await driver.topic(customers).pipe('c1', { name: 'Ada', city: 'London' }, { timestamp: 0 })

  await driver.restart()
  await driver.topic(payments).pipe('p1', { order: 'o1', amount: 30 }, { timestamp: 1 })
  await driver.topic(openOrders).pipe('o1', { customer: 'c1', amount: 30 }, { timestamp: 1 })

  deepEqual(await driver.output(orderStates).readToMap(), new Map([['o1', { customer: 'Ada', state: 'paid' }]]))
  deepEqual(await driver.output(shipments).readToMap(), new Map([['o1', { to: 'Ada, London', amount: 30 }]]))
})
