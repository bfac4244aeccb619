import { deepEqual, equal, match } from 'node:assert/strict'
import { test } from 'node:test'
import { deadReadings, meterReadings, readings, usage } from '../../examples/meter-readings.ts'
import { createTestDriver } from '../../streams/testing.ts'

const HOUR = 3_600_000
const inNorth = (kwh: number) => ({ district: 'north', kwh })

// guide: time
test('an hour comes out once, when the grace behind it is over', async () => {
  const driver = createTestDriver(meterReadings)
  await driver.topic(readings).pipe('meter-1', inNorth(2), { timestamp: 0 })
  await driver.topic(readings).pipe('meter-2', inNorth(3), { timestamp: HOUR - 1 })

  // Time is what records say: one from behind the grace lets the hour go.
  await driver.topic(readings).pipe('meter-1', inNorth(0), { timestamp: HOUR + 60_000 })

  deepEqual(await driver.output(usage).readToMap(), new Map([['north', { kwh: 5, from: 0 }]]))
})

// guide: partitions
test('meters of all partitions meet in their district', async () => {
  const driver = createTestDriver(meterReadings, { partitions: 4 })
  for (const partition of [0, 1, 2, 3]) await driver.topic(readings).pipe(`meter-${partition}`, inNorth(1), { timestamp: 0, partition })

  await driver.topic(readings).pipe('meter-1', inNorth(0), { timestamp: 2 * HOUR })

  deepEqual(await driver.output(usage).readValues(), [{ kwh: 4, from: 0 }])
})

// guide: dead letters
test('a reading that is none goes to the dead letters, with the reason', async () => {
  const driver = createTestDriver(meterReadings)

  await driver.topic(readings).pipe('meter-1', inNorth(-2))

  const [letter] = await driver.deadLetters()
  equal(letter?.topic, deadReadings.name)
  match(JSON.stringify(letter), /kwh must be >= 0/)
})

// guide: crash
for (const step of ['inserted', 'claimed', 'produced', 'written'] as const) {
  test(`a reading counts once when the process dies behind '${step}'`, async () => {
    const driver = createTestDriver(meterReadings)
    await driver.topic(readings).pipe('meter-1', inNorth(2), { timestamp: 0 })

    driver.crashAt(step)
    await driver.topic(readings).pipe('meter-1', inNorth(3), { timestamp: 1 })
    await driver.rebalance()
    await driver.topic(readings).pipe('meter-1', inNorth(0), { timestamp: 2 * HOUR })

    deepEqual(await driver.output(usage).readValues(), [{ kwh: 5, from: 0 }])
  })
}

test('a reading for an hour that is closed is dropped, and counted', async () => {
  const driver = createTestDriver(meterReadings)
  await driver.topic(readings).pipe('meter-1', inNorth(2), { timestamp: 3 * HOUR })

  await driver.topic(readings).pipe('meter-1', inNorth(2), { timestamp: 0 })

  equal((await driver.metrics())['dropped-records-total'], 1)
})
