import assert from 'node:assert/strict'
import { test } from 'node:test'
import Type from 'typebox'
import { defineKeyed, defineProcessor, defineTopic, defineTopology, type Topology } from '../../../streams/index.ts'
import { createTestDriver, type TestDriver } from '../../../streams/testing.ts'
import type { ProcessorPunctuation } from '../../../streams/graph/processor.ts'

const records = defineTopic({ name: 'records' })
const firings = defineTopic({ name: 'firings' })
const counts = defineKeyed({ name: 'counts', key: ['id'], value: Type.Number() })

type Stores = { readonly counts: typeof counts }

/** Counts records; each firing says when, and how many there were. */
function punctuating (...punctuate: ProcessorPunctuation<unknown, Stores>[]): Topology {
  return defineTopology('punctuating', ({ stream }) => {
    stream(records).process(defineProcessor({
      name: 'count',
      input: Type.Unknown(),
      output: Type.Unknown(),
      stores: { counts },
      process (_record, { stores }) { stores.counts.put({ id: 'all' }, (stores.counts.get({ id: 'all' }) ?? 0) + 1) },
      punctuate
    })).to(firings)
  })
}

const tell: ProcessorPunctuation<unknown, Stores>['run'] = (timestamp, { stores, forward }) => {
  forward({ key: 'at', value: [timestamp, stores.counts.get({ id: 'all' }) ?? 0], timestamp, headers: [] })
}

async function firedAt (driver: TestDriver): Promise<number[]> {
  return (await driver.output(firings).readAll()).map(({ timestamp }) => timestamp)
}

test('by stream time: the first record meets the first deadline, later ones are multiples, missed ones are made up for once', async () => {
  const driver = createTestDriver(punctuating({ everyMs: 10, by: 'stream-time', run: tell }))
  const fired: number[][] = []

  for (const timestamp of [42, 42, 51, 52, 61, 65, 71, 72, 95, 101, 102]) {
    await driver.topic(records).pipe('k', 'v', { timestamp })
    fired.push(await firedAt(driver))
  }

  assert.deepEqual(fired, [[42], [], [51], [], [61], [], [71], [], [95], [101], []])
})

test('by wall clock: the first deadline is one interval away, and time that jumps makes up for what was missed once', async () => {
  const driver = createTestDriver(punctuating({ everyMs: 10, by: 'wall-clock', run: tell }))
  const fired: number[][] = []

  for (const ms of [5, 9, 1, 20, 5]) {
    await driver.advanceWallClock(ms)
    fired.push(await firedAt(driver))
  }

  assert.deepEqual(fired, [[], [14], [], [35], [40]])
})

test('what is cancelled from inside is not done again, nor after a restart, and others go on', async () => {
  for (const by of ['stream-time', 'wall-clock'] as const) {
    const once: ProcessorPunctuation<unknown, Stores> = {
      everyMs: 10,
      by,
      run (timestamp, { forward, cancel }) {
        forward({ key: 'once', value: null, timestamp, headers: [] })
        cancel()
      }
    }
    const driver = createTestDriver(punctuating(once, { everyMs: 10, by, run: tell }))
    const advance = async (timestamp: number): Promise<void> => by === 'wall-clock' ? await driver.advanceWallClock(timestamp - driver.now) : await driver.topic(records).pipe('k', 'v', { timestamp })

    await advance(10)
    await advance(20)
    await driver.restart()
    await advance(30)

    assert.deepEqual((await driver.output(firings).readAll()).map(({ key }) => key), ['once', 'at', 'at', 'at'], by)
  }
})

test('stores are read and written, what is handed on comes from no record, and the record before counts', async () => {
  const metadata: unknown[] = []
  const topology = defineTopology('behind', ({ stream }) => {
    stream(records).process(defineProcessor({
      name: 'count',
      input: Type.Unknown(),
      output: Type.Unknown(),
      stores: { counts },
      process (_record, { stores }) { stores.counts.put({ id: 'all' }, (stores.counts.get({ id: 'all' }) ?? 0) + 1) },
      punctuate: [{
        everyMs: 10,
        by: 'stream-time',
        run (timestamp, context) {
          metadata.push(context.recordMetadata())
          tell(timestamp, context)
        }
      }]
    })).process(defineProcessor({
      name: 'behind',
      input: Type.Unknown(),
      output: Type.Unknown(),
      stores: {},
      process (record, { forward, recordMetadata }) {
        metadata.push(recordMetadata())
        forward(record)
      }
    })).to(firings)
  })
  const driver = createTestDriver(topology, { debug: false })

  await driver.topic(records).pipe('k', 'v', { timestamp: 7 })

  assert.deepEqual(await driver.output(firings).readValues(), [[7, 1]])
  // Once more where the store had to be read first.
  assert.deepEqual(new Set(metadata), new Set([undefined]))
})

test('a commit of the wall clock is one like any other: it is run again after a crash, at once', async () => {
  for (const step of ['inserted', 'claimed', 'produced'] as const) {
    const driver = createTestDriver(punctuating({
      everyMs: 10,
      by: 'wall-clock',
      run (timestamp, { stores }) { stores.counts.put({ id: 'fired' }, (stores.counts.get({ id: 'fired' }) ?? 0) + 1) }
    }))
    await driver.advanceWallClock(10)
    driver.crashAt(step)

    await driver.advanceWallClock(10)

    assert.equal(await driver.store(counts).get({ id: 'fired' }), 2, step)
  }
})

test('deadlines are kept with the task: a restart and a rebalance repeat and postpone nothing', async () => {
  const driver = createTestDriver(punctuating({ everyMs: 10, by: 'stream-time', run: tell }, { everyMs: 100, by: 'wall-clock', run: tell }))
  await driver.topic(records).pipe('k', 'v', { timestamp: 42 })
  await driver.advanceWallClock(100)
  assert.deepEqual(await firedAt(driver), [42, 100])

  await driver.restart()
  await driver.topic(records).pipe('k', 'v', { timestamp: 43 })
  await driver.advanceWallClock(60)
  await driver.rebalance()
  await driver.advanceWallClock(40)
  await driver.topic(records).pipe('k', 'v', { timestamp: 50 })

  assert.deepEqual(await firedAt(driver), [200, 50])
})

test('each task has deadlines of its own', async () => {
  const driver = createTestDriver(punctuating({ everyMs: 10, by: 'stream-time', run: tell }, { everyMs: 5, by: 'wall-clock', run: tell }), { partitions: 2 })

  await driver.topic(records).pipe('k', 'v', { timestamp: 42, partition: 0 })
  await driver.topic(records).pipe('k', 'v', { timestamp: 12, partition: 1 })
  await driver.advanceWallClock(5)

  assert.deepEqual(await firedAt(driver), [42, 12, 5, 5])
})

test('a watermark moves stream time in every task: what is due by it is done without a record', async () => {
  const driver = createTestDriver(punctuating({ everyMs: 10, by: 'stream-time', run: tell }), { partitions: 2 })
  await driver.topic(records).pipe('k', 'v', { timestamp: 42, partition: 0 })

  await driver.advanceStreamTime(59)
  await driver.topic(records).pipe('k', 'v', { timestamp: 58, partition: 0 })
  await driver.topic(records).pipe('k', 'v', { timestamp: 60, partition: 0 })

  assert.deepEqual(await firedAt(driver), [42, 59, 59, 60])
})

test('a node that fails by time stops the application, and says which and when: no record is to blame', async () => {
  for (const by of ['stream-time', 'wall-clock'] as const) {
    const driver = createTestDriver(punctuating({ everyMs: 10, by, run: () => { throw new Error('not today') } }))

    const advanced = by === 'wall-clock' ? driver.advanceWallClock(10) : driver.topic(records).pipe('k', 'v', { timestamp: 10 })

    await assert.rejects(advanced, { name: 'FatalError', message: "Node 'count' failed on what it does by time, in task records/0 at 10: not today. There is no record that could be dead-lettered for it; mend the node." })
  }
})

test('an interval that is none is refused', () => {
  assert.throws(() => punctuating({ everyMs: 0, by: 'wall-clock', run: tell }), { message: "Processor 'count' is to punctuate every 0 ms; an interval is a whole number of milliseconds above zero." })
})
