import assert from 'node:assert/strict'
import { test } from 'node:test'
import Type from 'typebox'
import { defineCounter, defineInternalTopic, defineProcessor, defineTopic, defineTopology, isRejected, isValid, serdes } from '../../../streams/index.ts'
import { createTestDriver } from '../../../streams/testing.ts'

const words = defineTopic({ name: 'words' })
const byLetter = defineInternalTopic({ name: 'by-letter-repartition', key: serdes.string, value: serdes.json })
const letters = defineCounter({ name: 'letters', key: ['letter'], count: 'count' })

/** words → a record per letter → by-letter-repartition → counted. */
const counting = defineTopology('counting', ({ stream }) => {
  stream(words).process(defineProcessor({
    name: 'spell',
    input: Type.Unknown(),
    output: Type.Unknown(),
    stores: {},
    process (record, { forward }) { for (const letter of String(record.value)) forward({ ...record, key: letter, value: letter }) }
  })).to(byLetter)
  stream(byLetter).process(defineProcessor({
    name: 'count-letter',
    input: Type.Unknown(),
    stores: { letters },
    process ({ value }, { stores }) { stores.letters.add({ letter: String(value) }, 1) }
  }))
})

for (const step of ['inserted', 'claimed', 'produced', 'written'] as const) {
  test(`what a life leaves in an internal topic that ends behind '${step}' is counted once by the next one`, async () => {
    const driver = createTestDriver(counting, { partitions: 3, maxUnitRecords: 4 })
    await driver.topic(words).pipe('a', 'abab')
    driver.crashAt(step)

    await driver.topic(words).pipeAll([{ key: 'a', value: 'abc' }, { key: 'b', value: 'cab' }])
    driver.crashAt(step)
    await driver.topic(words).pipe('c', 'c')

    assert.deepEqual(await Promise.all(['a', 'b', 'c'].map(async letter => await driver.store(letters).get({ letter }))), [4, 4, 3])
    await driver.close()
  })
}

test('a rebalance leaves nothing of an internal topic out, and nothing twice', async () => {
  const driver = createTestDriver(counting, { partitions: 3 })

  for (const value of ['ab', 'ba', 'cc']) {
    await driver.topic(words).pipe('a', value)
    await driver.rebalance()
  }

  assert.deepEqual(await Promise.all(['a', 'b', 'c'].map(async letter => await driver.store(letters).get({ letter }))), [2, 2, 2])
  await driver.close()
})

test('a record that a node behind an internal topic fails on goes to the dead letters of where it came from, with its coordinates there and the node', async () => {
  const topology = defineTopology('failing', ({ stream }) => {
    const { valid, dlq } = stream(words).validate(Type.String()).branch({ valid: isValid, dlq: isRejected })
    dlq.to(defineTopic({ name: 'dead' }), { format: 'raw' })
    valid.to(byLetter)
    stream(byLetter).mapValues(() => { throw new Error('cannot') }, { name: 'fails' }).peek(() => {})
  })
  const driver = createTestDriver(topology, { applicationId: 'app' })

  await driver.topic(words).pipe('a', 'b', { headers: [['of', Buffer.from('user')]] })

  const letters = await driver.output(defineTopic({ name: 'dead' })).readAll()
  const headers = new Map(letters.flatMap(({ headers }) => headers.map(([name, value]) => [name, value?.toString()])))
  assert.deepEqual([letters.length, letters[0]?.value, headers.get('of'), headers.get('__dlq.errors.topic'), headers.get('__dlq.errors.offset'), headers.get('__millrace.errors.node'), headers.get('millrace-unit')],
    [1, 'b', 'user', 'app-by-letter-repartition', '0', 'fails', undefined])
  await driver.close()
})
