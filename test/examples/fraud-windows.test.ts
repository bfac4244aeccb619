import { deepEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { alerts, cardPayments, fraudWindows } from '../../examples/fraud-windows.ts'
import { createTestDriver } from '../../streams/testing.ts'

const MINUTE = 60_000
const pay = (country: string) => ({ amount: 10, country })

test('the third country within ten minutes raises an alert at once, across the edges of any clock', async () => {
  const driver = createTestDriver(fraudWindows)
  const payments = driver.topic(cardPayments)

  await payments.pipe('card-1', pay('FR'), { timestamp: 8 * MINUTE })
  await payments.pipe('card-1', pay('US'), { timestamp: 12 * MINUTE })
  await payments.pipe('card-1', pay('JP'), { timestamp: 17 * MINUTE })

  const raised = (await driver.output(alerts).readAll()).map(({ key, value }) => [key, value])
  deepEqual(raised, [['card-1', { from: 7 * MINUTE, to: 17 * MINUTE, payments: 3, countries: ['FR', 'US', 'JP'] }]])
})

test('three countries in more than ten minutes, two countries, or three cards raise none', async () => {
  const driver = createTestDriver(fraudWindows)
  const payments = driver.topic(cardPayments)

  for (const [country, minute] of [['FR', 0], ['US', 5], ['JP', 11]] as const) await payments.pipe('slow', pay(country), { timestamp: minute * MINUTE })
  for (const country of ['FR', 'US', 'FR']) await payments.pipe('two', pay(country), { timestamp: 11 * MINUTE })
  for (const country of ['FR', 'US', 'JP']) await payments.pipe(`card of ${country}`, pay(country), { timestamp: 11 * MINUTE })

  deepEqual(await driver.output(alerts).readAll(), [])
})

test('a payment that comes late is still seen in the windows that its time is in', async () => {
  const driver = createTestDriver(fraudWindows)
  const payments = driver.topic(cardPayments)
  await payments.pipe('card-1', pay('FR'), { timestamp: 8 * MINUTE })
  await payments.pipe('card-1', pay('JP'), { timestamp: 12 * MINUTE })

  await payments.pipe('card-1', pay('US'), { timestamp: 10 * MINUTE })

  deepEqual((await driver.output(alerts).readValues()).map(alert => alert?.countries), [['FR', 'JP', 'US']])
})
