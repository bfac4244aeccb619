import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serdes, defineProcessor, defineTopic, defineTopology, isRejected, isValid } from '../../../streams/index.ts'
import { partitionFor } from '../../../streams/log/partitioner.ts'
import { moves, moving, seen } from '../../helpers/tasks.ts'
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

  await driver.topic({ ...words, value: serdes.bytes }).pipe('a', Buffer.from('{broken'))

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
      process: (record, { forward, recordMetadata }) => forward({ ...record, value: recordMetadata()?.partition ?? -1 })
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

test('a record that a node fails on is a dead letter, with the node and the reason, and the next one goes on', async () => {
  const driver = createTestDriver(moving)

  await driver.topic(moves).pipe('u', { id: 'e1', user: 'u', item: 'poison' })
  await driver.topic({ ...moves, value: serdes.bytes }).pipe('u', Buffer.from('{broken'))
  await driver.topic(moves).pipe('u', { id: 'e3', user: 'u', item: 'i' })

  assert.deepEqual((await driver.deadLetters()).map(({ source: { offset }, node, errorType }) => [offset, node, errorType]), [[0, 'take-move', 'processor'], [1, 'VALIDATE-0000000001', 'json']])
  assert.equal((await driver.output(seen).readAll()).length, 1)
})

test('without a place for dead letters the record stops the application, each time until it is mended', async () => {
  let isMended = false
  const topology = defineTopology('strict', ({ stream }) => {
    stream(words).mapValues(word => {
      if (!isMended) throw new Error('no such word')
      return word
    }, { name: 'look-up' }).to(lengths)
  })
  const driver = createTestDriver(topology)
  const failure = { name: 'FatalError', message: /Node 'look-up' failed on words-0@0: no such word/ }

  await assert.rejects(driver.topic(words).pipe('a', 1), failure)
  await assert.rejects(driver.topic(words).pipe('b', 2), failure)
  isMended = true
  await driver.restart()
  await driver.topic(words).pipe('c', 3)

  assert.deepEqual(await driver.output(lengths).readValues(), [1, 2, 3])
})

for (const [step, sent] of [['inserted', 1], ['claimed', 1], ['produced', 2], ['written', 1]] as const) {
  test(`what is written to a topic when the process dies behind '${step}' is there ${sent === 1 ? 'once' : 'twice'}`, async () => {
    const driver = createTestDriver(measuring)
    driver.crashAt(step)

    await driver.topic(words).pipe('a', 'hello')

    assert.deepEqual(await driver.output(lengths).readValues(), Array(sent).fill(5))
  })
}

test('metrics are totals over all tasks; a record is late by how far stream time is ahead of it', async () => {
  const driver = createTestDriver(moving, { partitions: 2 })
  const before = await driver.metrics()
  const pipe = (partition: number, id: string, timestamp: number) => driver.topic(moves).pipe('u', { id, user: 'u', item: 'i' }, { timestamp, partition })

  await pipe(0, 'e1', 100)
  await pipe(0, 'e2', 70)
  await pipe(1, 'e2', 50)
  await pipe(0, 'e3', 90)

  assert.deepEqual(before, { 'process-total': 0, 'dropped-records-total': 0, 'record-lateness-avg': NaN, 'record-lateness-max': NaN })
  assert.deepEqual(await driver.metrics(), { 'process-total': 4, 'dropped-records-total': 1, 'record-lateness-avg': 10, 'record-lateness-max': 30 })
})

test('a record that no topic takes is refused where it is piped', async () => {
  const driver = createTestDriver(measuring)

  const piped = driver.topic({ ...words, value: serdes.bytes }).pipe('x'.repeat(1_100_000), Buffer.from('{broken'))

  await assert.rejects(piped, /Record 0, for words\/0, can never be sent/)
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
