import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineTopic, defineTopology, serdes } from '../../../../../streams/index.ts'
import { createTestDriver } from '../../../../../streams/testing.ts'

const orders = defineTopic({ name: 'orders', value: serdes.string })
const customers = defineTopic({ name: 'customers', value: serdes.string })
const out = defineTopic({ name: 'out', value: serdes.string })

/** Partitioned by the number that keys end with, and not by their hashes. */
const byNumber = (key: string, count: number): number => Number(key.slice(1)) % count

test('rows that lie where a partitioner put them are found by a foreign key with that partitioner, and answers come back by it', async () => {
  const asked: string[] = []
  const topology = (hasPartitioners: boolean) => defineTopology('t', ({ table }) => {
    table(orders).join(table(customers), (order, customer) => `${order} ${customer}`, {
      foreignKey: order => order,
      ...hasPartitioners
        ? {
            partitioner: (key: string, count: number) => { asked.push(key); return byNumber(key, count) },
            otherPartitioner: (key: string, count: number) => { asked.push(key); return byNumber(key, count) }
          }
        : {}
    }).toStream().to(out)
  })
  const joined = async (hasPartitioners: boolean): Promise<number> => {
    const driver = createTestDriver(topology(hasPartitioners), { partitions: 5 })
    for (let number = 0; number < 10; number++) await driver.topic(customers).pipe(`c${number}`, `name ${number}`, { partition: number % 5 })
    for (let number = 0; number < 10; number++) await driver.topic(orders).pipe(`o${number}`, `c${9 - number}`, { partition: number % 5 })
    for (let number = 0; number < 10; number++) await driver.topic(customers).pipe(`c${number}`, 'renamed', { partition: number % 5 })
    return (await driver.output(out).readAll()).length
  }

  assert.equal(await joined(true), 20)
  assert.ok(asked.includes('c9') && asked.includes('o0'))
  assert.ok(await joined(false) < 20, 'without them a row is looked for where its hash says')
})
