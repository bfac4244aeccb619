import { deepEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { customers, openOrders, ordersWithCustomers, shipments } from '../../examples/orders-with-customers.ts'
import { createTestDriver } from '../../streams/testing.ts'

test('an order has the address of its customer, whichever of them comes first, on any partition', async () => {
  const driver = createTestDriver(ordersWithCustomers, { partitions: 3 })

  await driver.topic(openOrders).pipe('o1', { customer: 'c1', amount: 30 })
  await driver.topic(customers).pipe('c1', { name: 'Ada', city: 'London' })
  await driver.topic(openOrders).pipe('o2', { customer: 'c1', amount: 5 })

  deepEqual(await driver.output(shipments).readToMap(), new Map([['o1', { to: 'Ada, London', amount: 30 }], ['o2', { to: 'Ada, London', amount: 5 }]]))
})

test('a customer who moves changes all of his orders', async () => {
  const driver = createTestDriver(ordersWithCustomers)
  await driver.topic(customers).pipe('c1', { name: 'Ada', city: 'London' })
  for (const order of ['o1', 'o2']) await driver.topic(openOrders).pipe(order, { customer: 'c1', amount: 1 })

  await driver.topic(customers).pipe('c1', { name: 'Ada', city: 'Paris' })

  deepEqual([...(await driver.output(shipments).readToMap()).values()].map(({ to }) => to), ['Ada, Paris', 'Ada, Paris'])
})

test('an order that is closed, or whose customer is gone, is a tombstone', async () => {
  const driver = createTestDriver(ordersWithCustomers)
  const output = driver.output(shipments)
  await driver.topic(customers).pipe('c1', { name: 'Ada', city: 'London' })
  for (const order of ['o1', 'o2']) await driver.topic(openOrders).pipe(order, { customer: 'c1', amount: 1 })
  await output.readAll()

  await driver.topic(openOrders).pipe('o1', null)
  await driver.topic(customers).pipe('c1', null)

  deepEqual((await output.readAll()).map(({ key, value }) => [key, value]), [['o1', null], ['o2', null]])
})
