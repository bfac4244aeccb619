import { deepEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { pageViews, sessions, visits } from '../../examples/sessions.ts'
import { createTestDriver } from '../../streams/testing.ts'

const MINUTE = 60_000

test('views less than half an hour apart are one visit, which comes out once when it is over', async () => {
  const driver = createTestDriver(sessions)
  const views = driver.topic(pageViews)
  await views.pipe('ada', { page: '/' }, { timestamp: 0 })
  await views.pipe('ada', { page: '/books' }, { timestamp: 20 * MINUTE })
  await views.pipe('ada', { page: '/cart' }, { timestamp: 40 * MINUTE })
  deepEqual(await driver.output(visits).readAll(), [])

  await views.pipe('bo', { page: '/' }, { timestamp: 72 * MINUTE })

  const closed = (await driver.output(visits).readAll()).map(({ key, value }) => [key, value])
  deepEqual(closed, [['ada', { views: 3, pages: ['/', '/books', '/cart'], seconds: 2400 }]])
})

test('a view that comes late joins two visits into one', async () => {
  const driver = createTestDriver(sessions)
  const views = driver.topic(pageViews)
  await views.pipe('ada', { page: '/' }, { timestamp: 0 })
  await views.pipe('ada', { page: '/cart' }, { timestamp: 31 * MINUTE })
  await views.pipe('ada', { page: '/books' }, { timestamp: 15 * MINUTE })

  await views.pipe('bo', { page: '/' }, { timestamp: 72 * MINUTE })

  deepEqual(await driver.output(visits).readValues(), [{ views: 3, pages: ['/', '/books', '/cart'], seconds: 1860 }])
})
