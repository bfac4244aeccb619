import { deepEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { signals, silences, silentSensors } from '../../examples/silent-sensors.ts'
import { createTestDriver } from '../../streams/testing.ts'

const MINUTE = 60_000

test('a sensor that says nothing for five minutes is reported once, and again when it falls silent again', async () => {
  const driver = createTestDriver(silentSensors)
  const output = driver.output(silences)
  const say = async (sensor: string, minute: number): Promise<void> => await driver.topic(signals).pipe(sensor, { sensor, celsius: 20 }, { timestamp: minute * MINUTE })
  await say('attic', 0)
  await say('cellar', 1)
  await say('cellar', 4)
  deepEqual(await output.readAll(), [])

  await say('cellar', 5)
  await say('cellar', 6)
  const first = await output.readAll()
  await say('attic', 7)
  await driver.advanceStreamTime(12 * MINUTE)

  deepEqual(first, [{ key: 'attic', value: { lastCelsius: 20, silentSince: 0 }, timestamp: 5 * MINUTE, headers: [], partition: 0 }])
  deepEqual((await output.readAll()).map(({ key, timestamp }) => [key, timestamp]), [['attic', 12 * MINUTE], ['cellar', 12 * MINUTE]])
})

test('what a task has kept is there after a restart', async () => {
  const driver = createTestDriver(silentSensors)
  await driver.topic(signals).pipe('attic', { sensor: 'attic', celsius: 20 }, { timestamp: 0 })

  await driver.restart()
  await driver.advanceStreamTime(5 * MINUTE)

  deepEqual(await driver.output(silences).readValues(), [{ lastCelsius: 20, silentSince: 0 }])
})
