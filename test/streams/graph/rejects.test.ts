import assert from 'node:assert/strict'
import { test } from 'node:test'
import Type from 'typebox'
import { defineTopic, defineTopology, FatalError, isRejected, isValid, serdes } from '../../../streams/index.ts'
import { describe } from '../../../streams/graph/describe.ts'
import { createTestDriver } from '../../../streams/testing.ts'

const numbers = defineTopic({ name: 'numbers', value: serdes.int })
const bytes = defineTopic({ name: 'numbers', value: serdes.bytes })
const others = defineTopic({ name: 'others', value: serdes.int })
const out = defineTopic({ name: 'out', value: serdes.int })
const dead = defineTopic({ name: 'dead', value: serdes.bytes })
const nearer = defineTopic({ name: 'nearer' })
const NO_NUMBER = Buffer.from('no')

test('what cannot be decoded never reaches a node that is promised values: it stops the application', async () => {
  const seen: unknown[] = []
  const topology = defineTopology('plain', ({ stream }) => stream(numbers).mapValues(value => { seen.push(value); return value }).to(out))

  await assert.rejects(createTestDriver(topology).topic(bytes).pipe('k', NO_NUMBER), (error: unknown) => error instanceof FatalError &&
    /numbers-0@0.*has no place for dead letters of 'numbers'.*deadLetters: \{ topic, format \}/s.test(error.message))

  assert.deepEqual(seen, [])
})

test('with a place for the whole topology it goes there, from streams, tables and sinks alike, and what follows goes on', async () => {
  const topologies = {
    stream: defineTopology('a', { deadLetters: { topic: dead, format: 'raw' } }, ({ stream }) => stream(numbers).mapValues(value => value).to(out)),
    sink: defineTopology('b', { deadLetters: { topic: dead, format: 'raw' } }, ({ stream }) => stream(numbers).to(out)),
    table: defineTopology('c', { deadLetters: { topic: dead, format: 'raw' } }, ({ table }) => table(numbers).toStream().to(out)),
    joined: defineTopology('d', { deadLetters: { topic: dead, format: 'raw' } }, ({ table, stream }) => stream(numbers).leftJoin(table(others), value => value).to(out))
  }
  for (const [name, topology] of Object.entries(topologies)) {
    const driver = createTestDriver(topology)

    await driver.topic(bytes).pipe('k', NO_NUMBER)
    await driver.topic(numbers).pipe('k', 7)

    const [letter, ...more] = await driver.deadLetters()
    assert.deepEqual(more, [], name)
    assert.equal(letter?.errorType, 'decode', name)
    assert.equal(letter.topic, 'dead', name)
    assert.deepEqual(letter.source, { topic: 'numbers', partition: 0, offset: 0 }, name)
    assert.deepEqual(letter.value, NO_NUMBER, name)
    assert.deepEqual(await driver.output(out).readValues(), [7], name)
  }
})

test('a node that throws behind any sub-topology has the same place, also behind an internal topic', async () => {
  const topology = defineTopology('behind', { deadLetters: { topic: dead, format: 'envelope' } }, ({ stream }) => {
    stream(numbers).selectKey((_value, key) => `other ${key}`).repartition({ value: serdes.int }).mapValues((value): number => {
      if (value === 13) throw new RangeError('not thirteen')
      return value ?? 0
    }).to(out)
  })
  const driver = createTestDriver(topology)

  await driver.topic(numbers).pipe('k', 13)
  await driver.topic(numbers).pipe('k', 14)

  const letters = await driver.deadLetters()
  assert.deepEqual(letters.map(({ errorType, source: { topic } }) => [errorType, topic]), [['processor', 'test-KSTREAM-REPARTITION-0000000002-repartition']])
  assert.match(String(letters[0]?.value), /"error_message":"Node 'KSTREAM-MAPVALUES-\d+': not thirteen"/)
  assert.deepEqual(await driver.output(out).readValues(), [14])
})

test('a nearer place has what belongs to it', async () => {
  const topology = defineTopology('nearer', { deadLetters: { topic: dead, format: 'raw' } }, ({ stream }) => {
    const { dlq, valid } = stream(numbers).validate(Type.Integer({ maximum: 9 })).branch({ valid: isValid, dlq: isRejected })
    dlq.to(nearer, { format: 'raw' })
    valid.to(out)
    stream(others).to(out)
  })
  const driver = createTestDriver(topology)

  await driver.topic(bytes).pipe('k', NO_NUMBER)
  await driver.topic(numbers).pipe('k', 10)
  await driver.topic(defineTopic({ name: 'others', value: serdes.bytes })).pipe('k', NO_NUMBER)

  const letters = await driver.deadLetters()
  assert.deepEqual(letters.map(({ topic, errorType }) => [topic, errorType]), [['nearer', 'decode'], ['nearer', 'schema'], ['dead', 'decode']])
})

test('of the nodes behind one source only those that route rejects are given what cannot be decoded, through merges too', async () => {
  const seen: unknown[] = []
  const topology = defineTopology('mixed', ({ stream }) => {
    const source = stream(numbers)
    source.mapValues(value => { seen.push(value); return value }).to(out)
    const { dlq } = source.merge(stream(others)).validate(Type.Integer()).branch({ valid: isValid, dlq: isRejected })
    dlq.to(nearer, { format: 'raw' })
  })
  const driver = createTestDriver(topology)

  await driver.topic(bytes).pipe('k', NO_NUMBER)
  await driver.topic(numbers).pipe('k', 1)

  assert.deepEqual(seen, [1, 1], 'once, and once more for comparison')
  assert.deepEqual((await driver.deadLetters()).map(({ errorType }) => errorType), ['decode'])
})

test('the drawing is as before, and the topic is among those of the topology', () => {
  const build = (options: object) => defineTopology('drawn', options, ({ stream }) => stream(numbers).to(out))

  assert.equal(describe(build({ deadLetters: { topic: dead, format: 'raw' } })), describe(build({})))
  assert.match(describe(build({ deadLetters: { topic: dead, format: 'raw' } }), 'json'), /"name": "dead",\s+"read": false,\s+"written": true/)
})

test('a value that was turned away and sent to a topic of values fails its record', async () => {
  const anything = defineTopic({ name: 'anything' })
  const topology = defineTopology('unrouted', { deadLetters: { topic: dead, format: 'raw' } }, ({ stream }) => stream(numbers).validate(Type.Integer({ maximum: 9 })).to(anything))
  const driver = createTestDriver(topology)

  await driver.topic(numbers).pipe('k', 10)

  assert.match((await driver.deadLetters())[0]?.message ?? '', /turned away.*branch it off before/)
  assert.deepEqual(await driver.output(anything).readAll(), [])
})

test('values that may be rejected cannot be grouped, joined, repartitioned or made a table', () => {
  defineTopology('typed', ({ stream, table }) => {
    const checked = stream(numbers).validate(Type.Integer())
    const rows = table(others)
    // @ts-expect-error values may be Rejected
    checked.groupByKey()
    // @ts-expect-error values may be Rejected
    checked.groupBy(value => String(value))
    // @ts-expect-error values may be Rejected
    checked.toTable()
    // @ts-expect-error values may be Rejected
    checked.repartition()
    // @ts-expect-error values may be Rejected
    checked.join(rows, value => value)
    // @ts-expect-error values may be Rejected
    checked.leftJoin(rows, value => value)
    checked.filter(isValid).groupByKey()
    checked.branch({ valid: isValid }).valid.join(rows, (value, row) => value + row)
  })
})
