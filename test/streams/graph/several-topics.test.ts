import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineTopic, defineTopology, joinWindows, serdes, topicPattern, type Topology, type TopologyBuilder } from '../../../streams/index.ts'
import { createTestDriver } from '../../../streams/testing.ts'
import { describe } from '../../../streams/graph/describe.ts'

const topic = (name: string) => defineTopic({ name, value: serdes.string })
const [a, b] = [topic('a'), topic('b')]
const out = topic('out')
const counts = defineTopic({ name: 'counts', value: serdes.long })
const orders = topicPattern({ matching: /orders-.*/, value: serdes.string })

const built = (build: (builder: TopologyBuilder<object>) => void) => (): Topology => defineTopology('t', build)
const counting = built(({ stream }) => stream([a, b], { name: 'both' }).groupByKey().count({ store: { name: 'seen' } }).toStream().to(counts))()

test('a source of several topics hands on the records of all of them, in one task per partition number', async () => {
  const driver = createTestDriver(counting, { partitions: 2 })
  await driver.topic(a).pipe('k', '1')
  await driver.topic(b).pipe('k', '2')
  await driver.topic(a).pipe('k', '3')

  assert.deepEqual(await driver.output(counts).readValues(), [1, 2, 3])
  assert.equal(await driver.store('seen').get('k'), 3)
})

test('each of several topics has its own position: after a restart none is read twice and none is left out', async () => {
  const driver = createTestDriver(counting)
  await driver.topic(a).pipe('k', '1')
  await driver.topic(b).pipe('k', '2')
  driver.crashAt('produced')
  await driver.topic(b).pipe('k', '3')
  await driver.restart()
  await driver.topic(a).pipe('k', '4')

  assert.equal(await driver.store('seen').get('k'), 4)
})

test('topics of one source may have different partition counts; there are as many tasks as the largest has partitions', async () => {
  const driver = createTestDriver(built(({ stream }) => stream([a, b]).mapValues(value => value).to(out))(), { partitions: { a: 1, b: 3, out: 1 } })
  await driver.topic(b).pipe('k', 'in two', { partition: 2 })
  await driver.topic(a).pipe('k', 'in none')

  assert.deepEqual(await driver.output(out).readValues(), ['in two', 'in none'])
})

test('what is joined has as many partitions as all topics of the other side, and of its own', async () => {
  const other = topic('other')
  const joined = built(({ stream, table }) => stream([a, b]).join(table(other), left => left).to(out))()
  const withItself = built(({ stream }) => {
    const both = stream([a, b])
    both.join(both, left => left, { windows: joinWindows({ timeDifferenceMs: 10 }) }).to(out)
  })()
  const pipe = async (topology: Topology, partitions: Readonly<Record<string, number>>): Promise<void> => await createTestDriver(topology, { partitions: { out: 1, ...partitions } }).topic(a).pipe('k', 'v')

  await assert.rejects(pipe(joined, { a: 2, b: 2, other: 3 }), /unequal partition counts: a has 2, b has 2, other has 3/)
  await assert.rejects(pipe(joined, { a: 2, b: 3, other: 3 }), /unequal partition counts: a has 2, b has 3, other has 3/)
  await assert.rejects(pipe(withItself, { a: 2, b: 3 }), /unequal partition counts: a has 2, b has 3/)
  await pipe(joined, { a: 2, b: 2, other: 2 })
})

test('two sources do not share a topic: they have all their topics in common, or none', () => {
  assert.throws(built(({ stream }) => {
    stream([a, b]).to(out)
    stream(a).to(out)
  }), /two sources of topic 'a', 'KSTREAM-SOURCE-0000000000' of a, b and 'KSTREAM-SOURCE-0000000002', .*give both streams the same topics/)
  assert.throws(built(({ stream, table }) => {
    stream([a, b]).to(out)
    table(b)
  }), /two sources of topic 'b', .*toStream\(\)/)
  assert.throws(built(({ stream, globalTable }) => {
    stream(a).to(out)
    globalTable(a)
  }), /two sources of topic 'a', /)
  assert.throws(built(({ stream }) => stream([]).to(out)), /has a source of no topic/)
})

test('a topic that is named twice is read once, and options count for all topics of a source', () => {
  const extract = (): number => 7
  const { sources } = built(({ stream }) => stream([a, a, b], { offsetReset: 'earliest', timestampExtractor: extract }).to(out))()

  assert.deepEqual(sources.map(({ topics, node: { offsetReset, timestampExtractor } }) => [topics.map(({ name }) => name), offsetReset, timestampExtractor]), [[['a', 'b'], 'earliest', extract]])
})

test('a drawing shows each topic of a source, and a pattern as it is written', () => {
  const topology = built(({ stream }) => {
    stream([a, b]).mapValues(value => value, { name: 'as-it-is' }).to(out)
    stream(orders).mapValues(value => value, { name: 'also' }).to(out)
  })()
  const lines = describe(topology, 'mermaid').split('\n').filter(line => line.includes('topic'))

  assert.equal(lines.filter(line => /"(a|b|orders-\.\*)</.test(line)).length, 3)
  assert.equal(lines.filter(line => /topic\d+ --> node\d+/.test(line)).length, 3)
  assert.deepEqual(JSON.parse(describe(topology, 'json')).subTopologies.map(({ topics, patterns }: { topics: unknown, patterns: unknown }) => [topics, patterns]), [[['a', 'b'], undefined], [[], ['orders-.*']]])
})
