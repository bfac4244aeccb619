import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineTopic, defineTopology, serdes, timeWindows } from '../../../streams/index.ts'
import { createTestDriver } from '../../../streams/testing.ts'

const words = defineTopic({ name: 'words', value: serdes.string })
const out = defineTopic({ name: 'out', value: serdes.string })

test('a sink writes into the partition that its partitioner chooses, and where that says nothing into that of the key', async () => {
  const topology = defineTopology('to', ({ stream }) => {
    stream(words).to(out, { partitioner: ({ value }, count) => value === 'last' ? count - 1 : undefined })
  })
  const driver = createTestDriver(topology, { partitions: 7 })

  await driver.topic(words).pipe('k', 'last')
  await driver.topic(words).pipe('k', 'any')

  const [last, any] = await driver.output(out).readAll()
  const plain = createTestDriver(defineTopology('plain', ({ stream }) => stream(words).to(out)), { partitions: 7 })
  await plain.topic(words).pipe('k', 'any')
  assert.equal(last?.partition, 6)
  assert.equal(any?.partition, (await plain.output(out).read())?.partition)
  assert.notEqual(any?.partition, 6)
})

test('a repartition has a partitioner too', async () => {
  const topology = defineTopology('repartition', ({ stream }) => {
    stream(words).repartition({ partitioner: (_record, count) => count - 1 }).process({
      name: 'where', stores: {}, punctuate: [], process: (record, { recordMetadata, forward }) => forward({ ...record, value: String(recordMetadata()?.partition) })
    }).to(out)
  })
  const driver = createTestDriver(topology, { partitions: 5 })

  await driver.topic(words).pipe('a', 'x')
  await driver.topic(words).pipe('b', 'x')

  assert.deepEqual(await driver.output(out).readValues(), ['4', '4'])
})

test('all windows of a key lie in the partition of that key', async () => {
  const counts = defineTopic({ name: 'counts', key: serdes.timeWindowed(serdes.string, 10), value: serdes.long })
  const topology = defineTopology('windowed', ({ stream }) => stream(words).groupByKey().windowedBy(timeWindows({ sizeMs: 10 })).count().toStream().to(counts))
  const driver = createTestDriver(topology, { partitions: 7 })

  for (let window = 0; window < 20; window++) await driver.topic(words).pipe('k', 'x', { timestamp: window * 10 })

  const partitions = new Set((await driver.output(counts).readAll()).map(({ partition }) => partition))
  const keys = createTestDriver(defineTopology('plain', ({ stream }) => stream(words).to(out)), { partitions: 7 })
  await keys.topic(words).pipe('k', 'x')
  assert.deepEqual([...partitions], [(await keys.output(out).read())?.partition])
})
