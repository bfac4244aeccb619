import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineTopic, defineTopology, serdes, sessionWindows, slidingWindows, timeWindows, type Topology } from '../../../streams/index.ts'
import { createTestDriver, type TestDriver } from '../../../streams/testing.ts'

const words = defineTopic({ name: 'words', value: serdes.string })
const counts = defineTopic({ name: 'counts', value: serdes.long })

async function read (driver: TestDriver): Promise<string[]> {
  return (await driver.output(counts).readAll()).map(({ key, value }) => `${key}=${value}`)
}

const topologies: Readonly<Record<string, Topology>> = {
  time: defineTopology('time', ({ stream }) => {
    stream(words).groupByKey().windowedBy(timeWindows({ sizeMs: 10, graceMs: 5 })).emitStrategy('on-window-close', { closeWhenIdleMs: 100 }).count()
      .toStream().map((count, { key, window }) => [`${key}@${window.start}`, count]).to(counts)
  }),
  session: defineTopology('session', ({ stream }) => {
    stream(words).groupByKey().windowedBy(sessionWindows({ inactivityGapMs: 10, graceMs: 5 })).emitStrategy('on-window-close', { closeWhenIdleMs: 100 }).count()
      .toStream().map((count, { key, window }) => [`${key}@${window.start}`, count]).to(counts)
  }),
  suppress: defineTopology('suppress', ({ stream }) => {
    stream(words).groupByKey().windowedBy(timeWindows({ sizeMs: 10, graceMs: 5 })).count().suppress({ untilWindowCloses: true, closeWhenIdleMs: 100 })
      .toStream().map((count, { key, window }) => [`${key}@${window.start}`, count]).to(counts)
  })
}

for (const [name, topology] of Object.entries(topologies)) {
  test(`${name}: a window closes by the wall clock when its partition is idle; what comes later for it is late, and what is new goes on`, async () => {
    const driver = createTestDriver(topology)
    await driver.topic(words).pipe('a', 'x', { timestamp: 0 })
    await driver.topic(words).pipe('b', 'x', { timestamp: 3 })

    await driver.advanceWallClock(99)
    assert.deepEqual(await read(driver), [])
    await driver.advanceWallClock(1)
    assert.deepEqual((await read(driver)).sort(), name === 'session' ? ['a@0=1', 'b@3=1'] : ['a@0=1', 'b@0=1'])

    await driver.topic(words).pipe('a', 'late', { timestamp: 4 })
    await driver.restart()
    await driver.topic(words).pipe('a', 'late', { timestamp: 5 })
    await driver.advanceWallClock(100)
    assert.deepEqual(await read(driver), [])

    await driver.topic(words).pipe('a', 'x', { timestamp: 250 })
    await driver.advanceWallClock(100)
    assert.deepEqual(await read(driver), ['a@250=1'])
  })
}

test('sliding windows close so too', async () => {
  const driver = createTestDriver(defineTopology('sliding', ({ stream }) => {
    stream(words).groupByKey().windowedBy(slidingWindows({ timeDifferenceMs: 10, graceMs: 5 })).emitStrategy('on-window-close', { closeWhenIdleMs: 100 }).count()
      .toStream().map((count, { key, window }) => [`${key}@${window.start}`, count]).to(counts)
  }))

  await driver.topic(words).pipe('a', 'x', { timestamp: 20 })
  await driver.advanceWallClock(100)

  assert.deepEqual(await read(driver), ['a@10=1'])
})

test('a record in between begins the wait anew, and without the option nothing closes by itself', async () => {
  const driver = createTestDriver(topologies['time'] ?? assert.fail())
  await driver.topic(words).pipe('a', 'x', { timestamp: 0 })
  await driver.advanceWallClock(60)
  await driver.topic(words).pipe('a', 'x', { timestamp: 1 })
  await driver.advanceWallClock(60)
  assert.deepEqual(await read(driver), [])

  const without = createTestDriver(defineTopology('without', ({ stream }) => {
    stream(words).groupByKey().windowedBy(timeWindows({ sizeMs: 10 })).emitStrategy('on-window-close').count().toStream().map((count, { key }) => [key, count]).to(counts)
  }))
  await without.topic(words).pipe('a', 'x', { timestamp: 0 })
  await without.advanceWallClock(1_000_000)
  assert.deepEqual(await read(without), [])
})

test('it is refused where windows are emitted on update, and for what is no time', () => {
  defineTopology('refused', ({ stream }) => {
    const windowed = stream(words).groupByKey().windowedBy(timeWindows({ sizeMs: 10 }))
    assert.throws(() => windowed.emitStrategy('on-window-update', { closeWhenIdleMs: 100 }), /emit them 'on-window-close'/)
    assert.throws(() => windowed.emitStrategy('on-window-close', { closeWhenIdleMs: 0 }), /whole number of milliseconds above zero, not 0/)
  })
})
