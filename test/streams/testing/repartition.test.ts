import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineTopic, defineTopology, serdes } from '../../../streams/index.ts'
import { createTestDriver } from '../../../streams/testing.ts'

const lines = defineTopic({ name: 'lines', value: serdes.string })
const totals = defineTopic({ name: 'totals', value: serdes.long })
const settings = { partitions: { lines: 3, totals: 1 } }

/** Counts words, whichever partitions they came in by. */
const counting = defineTopology('counting', ({ stream }) => {
  stream(lines)
    .flatMapValues(line => line === null ? [] : line.split(' '))
    .groupBy(word => word, { name: 'by-word', key: serdes.string, value: serdes.string })
    .count({ name: 'words' })
    .toStream()
    .to(totals)
})

/** The same without bringing equal words together: each task counts for itself. */
const miscounting = defineTopology('miscounting', ({ stream }) => {
  stream(lines).groupByKey({ value: serdes.string }).count({ name: 'words' }).toStream().to(totals)
})

const text = ['to be or not to be', 'that is the question', 'to sleep', 'to dream', 'or not']

test('records go on through internal topics, and words from several partitions are counted together', async () => {
  const driver = createTestDriver(counting, settings)

  for (const [index, line] of text.entries()) await driver.topic(lines).pipe(null, line, { partition: index % 3, timestamp: index })

  const counted = await driver.output(totals).readToMap()
  assert.deepEqual([...counted].sort(), [['be', 2], ['dream', 1], ['is', 1], ['not', 2], ['or', 2], ['question', 1], ['sleep', 1], ['that', 1], ['the', 1], ['to', 4]].sort())
})

test('with several partitions it shows where a repartition is missing', async () => {
  const driver = createTestDriver(miscounting, settings)

  for (const partition of [0, 1]) await driver.topic(lines).pipe('to', 'to', { partition })

  assert.deepEqual(await driver.output(totals).readValues(), [1, 1])
})

for (const step of ['inserted', 'claimed', 'produced', 'written'] as const) {
  test(`a process that dies behind '${step}', again and again, counts every word of an internal topic once`, async () => {
    const driver = createTestDriver(counting, settings)

    for (const [index, line] of text.entries()) {
      driver.crashAt(step)
      await driver.topic(lines).pipe(null, line, { partition: index % 3, timestamp: index })
      if (index % 2 === 0) await driver.rebalance()
    }

    const counted = await driver.output(totals).readToMap()
    assert.deepEqual([counted.get('to'), counted.get('be'), counted.get('not'), counted.get('dream'), counted.size], [4, 2, 2, 1, 10])
  })
}
