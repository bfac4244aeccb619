import { deepEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { clicks, topPages, topPagesByHour } from '../../examples/top-pages.ts'
import { createTestDriver } from '../../streams/testing.ts'

const HOUR = 3_600_000
const NOON = '1970-01-01T12:00:00.000Z'
const ONE = '1970-01-01T13:00:00.000Z'

test('each hour has its three most clicked pages', async () => {
  const driver = createTestDriver(topPages, { partitions: 2 })
  const noon = ['/a', '/b', '/b', '/c', '/c', '/c', '/d', '/d', '/d', '/d']
  await driver.topic(clicks).pipeAll(noon.map((page, index) => ({ key: `user-${index}`, value: { page }, timestamp: 12 * HOUR + index })))
  await driver.topic(clicks).pipe('user-1', { page: '/a' }, { timestamp: 13 * HOUR })

  deepEqual(await driver.output(topPagesByHour).readToMap(), new Map([
    [NOON, [{ page: '/d', clicks: 4 }, { page: '/c', clicks: 3 }, { page: '/b', clicks: 2 }]],
    [ONE, [{ page: '/a', clicks: 1 }]]
  ]))
})

test('a page that was cut off comes back when it is clicked', async () => {
  const driver = createTestDriver(topPages)
  const click = async (page: string): Promise<void> => await driver.topic(clicks).pipe('ada', { page }, { timestamp: 12 * HOUR })
  for (const page of ['/a', '/b', '/c', '/d']) await click(page)

  await click('/d')

  deepEqual((await driver.output(topPagesByHour).readToMap()).get(NOON)?.map(({ page }) => page), ['/d', '/a', '/b'])
})
