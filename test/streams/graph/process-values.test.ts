import assert from 'node:assert/strict'
import { test } from 'node:test'
import Type from 'typebox'
import { defineKeyed, defineProcessor, defineTopic, defineTopology, defineValueProcessor, serdes } from '../../../streams/index.ts'
import { describe } from '../../../streams/graph/describe.ts'
import { createTestDriver } from '../../../streams/testing.ts'

const words = defineTopic({ name: 'words', value: serdes.string })
const copies = defineTopic({ name: 'copies', value: serdes.string })
const counts = defineTopic({ name: 'counts', value: serdes.long })
const lengths = defineTopic({ name: 'lengths', key: serdes.int, value: serdes.string })
const total = defineKeyed({ name: 'total', key: ['id'], value: Type.Number() })

const Word = Type.Union([Type.String(), Type.Null()])

const double = defineValueProcessor({
  name: 'double',
  input: Word,
  output: Type.String(),
  stores: {},
  process (record, { forward }) {
    forward({ ...record, value: `${record.value}!` })
    forward({ ...record, value: `${record.value}?`, timestamp: record.timestamp + 1 })
  }
})

test('values are processed under their keys, so that a group behind needs no repartition', async () => {
  const topology = defineTopology('values', ({ stream }) => stream(words).processValues(double).groupByKey({ value: serdes.string }).count().toStream().to(counts))
  const driver = createTestDriver(topology)

  await driver.topic(words).pipe('k', 'a', { timestamp: 5 })

  assert.doesNotMatch(describe(topology), /repartition/)
  assert.deepEqual((await driver.output(counts).readAll()).map(({ key, value, timestamp }) => [key, value, timestamp]), [['k', 2, 6]])
})

test('a key that is handed on all the same changes nothing', async () => {
  const sly = defineValueProcessor({
    name: 'sly', input: Word, output: Type.String(), stores: {}, process: (record, { forward }) => forward({ ...record, ...{ key: 'other' }, value: 'v' })
  })
  const driver = createTestDriver(defineTopology('sly', ({ stream }) => stream(words).processValues(sly).to(copies)))

  await driver.topic(words).pipe('k', 'a')

  assert.deepEqual((await driver.output(copies).readAll()).map(({ key }) => key), ['k'])
})

test('by time it changes its stores', async () => {
  const timed = defineValueProcessor({
    name: 'timed',
    input: Word,
    stores: { total },
    process () {},
    punctuate: [{ everyMs: 10, by: 'wall-clock', run: (_timestamp, { stores }) => stores.total.put({ id: 'all' }, (stores.total.get({ id: 'all' }) ?? 0) + 1) }]
  })
  const driver = createTestDriver(defineTopology('timed', ({ stream }) => stream(words).processValues(timed)))

  await driver.advanceWallClock(10)
  await driver.advanceWallClock(10)

  assert.equal(await driver.store(total).get({ id: 'all' }), 2)
})

test('a processor that changes keys says how they are written, and is repartitioned behind', async () => {
  const byLength = defineProcessor({
    name: 'by-length', input: Word, output: Type.String(), stores: {}, process: (record, { forward }) => forward({ ...record, key: record.value?.length ?? 0, value: record.value ?? '' })
  })
  const topology = defineTopology('keys', ({ stream }) => stream(words).process(byLength, { key: serdes.int, value: serdes.string }).repartition().to(lengths))
  const driver = createTestDriver(topology)

  await driver.topic(words).pipe('k', 'four')

  assert.match(describe(topology), /repartition/)
  assert.deepEqual((await driver.output(lengths).readAll()).map(({ key, value }) => [key, value]), [[4, 'four']])
})

test('what does not fit does not compile', () => {
  defineTopology('typed', ({ stream }) => {
    const numbers = stream(defineTopic({ name: 'numbers', value: serdes.int }))
    // @ts-expect-error the processor takes words
    numbers.processValues(double)
    // @ts-expect-error it can change keys
    stream(words).processValues(defineProcessor({ name: 'any', input: Word, output: Type.String(), stores: {}, process: (record, { forward }) => forward({ ...record, value: '' }) }))
  })
})
