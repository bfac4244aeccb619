import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytes, defineProcessor, defineTopic, defineTopology, isRejected, isValid } from '../../../streams/index.ts'
import { partitionFor } from '../../../streams/log/partitioner.ts'
import { createTestDriver } from '../../../streams/testing.ts'
import Type from 'typebox'

const words = defineTopic({ name: 'words' })
const lengths = defineTopic({ name: 'lengths' })
const dead = defineTopic({ name: 'dead' })

/** words → lengths; what is no text is a dead letter. */
const measuring = defineTopology('measuring', ({ stream }) => {
  const { valid, dlq } = stream(words).validate(Type.String()).branch({ valid: isValid, dlq: isRejected })
  dlq.to(dead, { format: 'envelope' })
  valid.mapValues(word => word.length).to(lengths)
})

test('what is piped in comes out, decoded, with its timestamp and its partition', async () => {
  const driver = createTestDriver(measuring)

  await driver.topic(words).pipe('a', 'hello', { timestamp: 17, headers: [['who', Buffer.from('me')]] })

  assert.deepEqual(await driver.output(lengths).readAll(), [{ key: 'a', value: 5, timestamp: 17, headers: [['who', Buffer.from('me')]], partition: 0 }])
  await driver.close()
})

test('a record is read once, in the order of writing, and undefined says that there is no further one', async () => {
  const driver = createTestDriver(measuring)
  const input = driver.topic(words)
  await input.pipeAll([{ key: 'a', value: 'x' }, { key: 'b', value: 'xx' }, { key: 'a', value: 'xxx' }])

  const first = await driver.output(lengths).read()
  const others = await driver.output(lengths).readValues()

  assert.equal(first?.value, 1)
  assert.deepEqual(others, [2, 3])
  assert.equal(await driver.output(lengths).read(), undefined)
})

test('of each key a map holds the last value', async () => {
  const driver = createTestDriver(measuring)
  await driver.topic(words).pipeAll([{ key: 'a', value: 'x' }, { key: 'b', value: 'xx' }, { key: 'a', value: 'xxx' }])

  assert.deepEqual(await driver.output(lengths).readToMap(), new Map([['a', 3], ['b', 2]]))
})

test('what is not awaited happens in the order of the calls', async () => {
  const driver = createTestDriver(measuring)
  const input = driver.topic(words)

  const piped = [input.pipe('a', 'x'), input.pipe('a', 'xx')]
  const read = driver.output(lengths).readValues()

  assert.deepEqual(await read, [1, 2])
  await Promise.all(piped)
})

test('bytes that are no value are piped under a serde that writes them', async () => {
  const driver = createTestDriver(measuring)

  await driver.topic({ ...words, value: bytes }).pipe('a', Buffer.from('{broken'))

  assert.equal((await driver.output(dead).readAll()).length, 1)
})

test('a record without a timestamp has that of the wall clock, which stands where the test put it', async () => {
  const driver = createTestDriver(measuring, { startAt: 1_000 })

  await driver.topic(words).pipe('a', 'x')

  assert.equal((await driver.output(lengths).read())?.timestamp, 1_000)
  assert.equal(driver.now, 1_000)
})

test('keys go to the partitions that a Java producer chooses, or to the one that is asked for', async () => {
  const locating = defineTopology('locating', ({ stream }) => {
    stream(words).process(defineProcessor({
      name: 'locate',
      input: Type.Unknown(),
      output: Type.Number(),
      stores: {},
      process: (record, { forward, recordMetadata }) => forward({ ...record, value: recordMetadata().partition })
    })).to(lengths)
  })
  const driver = createTestDriver(locating, { partitions: { words: 3 } })
  const input = driver.topic(words)
  const keys = ['a', 'b', 'c', 'd', 'e', 'f']

  for (const key of keys) await input.pipe(key, 'x')
  await input.pipe('a', 'x', { partition: 2 })

  const chosen = keys.map(key => partitionFor(Buffer.from(key), 3))
  assert.equal(new Set(chosen).size, 3)
  assert.deepEqual(await driver.output(lengths).readValues(), [...chosen, 2])
})

test('a topic that the topology does not read is refused by name', () => {
  const driver = createTestDriver(measuring)

  assert.throws(() => driver.topic(lengths), { message: "Topology 'measuring' does not read topic 'lengths'; it reads words." })
})

test('a test of a simple topology takes less than 5 ms: driver, pipe, read, close', async () => {
  const once = async (): Promise<number> => {
    const started = performance.now()
    const driver = createTestDriver(measuring)
    await driver.topic(words).pipe('a', 'hello')
    assert.deepEqual(await driver.output(lengths).readValues(), [5])
    await driver.close()
    return performance.now() - started
  }
  const times: number[] = []
  for (let round = 0; round < 20; round++) times.push(await once())

  // The best of many says what it takes; the others say what else the machine was doing.
  assert.ok(Math.min(...times) < 5, `took ${times.map(time => time.toFixed(1)).join(', ')} ms`)
})
