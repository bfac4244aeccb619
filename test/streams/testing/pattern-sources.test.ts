import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineTopic, defineTopology, serdes, topicPattern, type Topology, type TopologyBuilder } from '../../../streams/index.ts'
import { createTestDriver } from '../../../streams/testing.ts'

const topic = (name: string) => defineTopic({ name, value: serdes.string })
const out = topic('out')
const counts = defineTopic({ name: 'counts', value: serdes.long })
const orders = topicPattern({ matching: /orders-.*/, value: serdes.string })

const built = (build: (builder: TopologyBuilder<object>) => void) => (): Topology => defineTopology('t', build)
const counting = built(({ stream }) => stream(orders).groupByKey().count({ store: { name: 'seen' } }).toStream().to(counts))()

test('any topic that a pattern matches can be piped into, and its records are those of one source', async () => {
  const driver = createTestDriver(counting, { partitions: 2 })
  await driver.topic(topic('orders-eu')).pipe('k', '1')
  await driver.topic(topic('orders-us')).pipe('k', '2')
  await driver.topic(topic('orders-eu')).pipe('k', '3')

  assert.deepEqual(await driver.output(counts).readValues(), [1, 2, 3])
})

test('the whole name of a topic has to match', async () => {
  const driver = createTestDriver(counting)

  for (const name of ['my-orders-eu', 'orders', 'ORDERS-eu']) {
    assert.throws(() => driver.topic(topic(name)), new RegExp(`does not read topic '${name}'; it reads /orders-\\.\\*/`))
  }
})

test('a pattern without case finds what one with case does not', async () => {
  const driver = createTestDriver(built(({ stream }) => stream(topicPattern({ matching: /orders-.*/i, value: serdes.string })).to(out))())
  await driver.topic(topic('ORDERS-eu')).pipe('k', 'v')

  assert.deepEqual(await driver.output(out).readValues(), ['v'])
})

test('what a topic of a pattern has given is not read again after a restart or a crash', async () => {
  const driver = createTestDriver(counting)
  await driver.topic(topic('orders-eu')).pipe('k', '1')
  driver.crashAt('written')
  await driver.topic(topic('orders-us')).pipe('k', '2')
  await driver.restart()
  await driver.topic(topic('orders-eu')).pipe('k', '3')

  assert.equal(await driver.store('seen').get('k'), 3)
})

test('topics of one pattern may have different partition counts', async () => {
  const driver = createTestDriver(counting, { partitions: { 'orders-eu': 1, 'orders-us': 3, counts: 1 } })
  await driver.topic(topic('orders-us')).pipe('k', '1', { partition: 2 })
  await driver.topic(topic('orders-eu')).pipe('k', '2')

  assert.deepEqual(await driver.output(counts).readValues(), [1, 1])
})

test('what a pattern source is joined with has as many partitions as each topic that matches', async () => {
  const customers = topic('customers')
  const joined = built(({ stream, table }) => stream(orders).join(table(customers), (order, customer) => `${order} of ${customer}`).to(out))()
  const driver = createTestDriver(joined, { partitions: { customers: 2, 'orders-eu': 2, 'orders-us': 3, out: 1 } })
  await driver.topic(customers).pipe('k', 'Ada')
  await driver.topic(topic('orders-eu')).pipe('k', 'tea')

  assert.deepEqual(await driver.output(out).readValues(), ['tea of Ada'])
  await assert.rejects(driver.topic(topic('orders-us')).pipe('k', 'milk'), /unequal partition counts: .*orders-us has 3/)
})

test("internal topics of the application are never matched, and another one's are", async () => {
  const all = built(({ stream }) => stream(topicPattern({ matching: /(app|other|in)-.*/, value: serdes.string })).selectKey(value => value).repartition({ name: 'again' }).to(out))()
  const driver = createTestDriver(all, { applicationId: 'app' })
  await driver.topic(topic('in-1')).pipe('k', 'v')
  await driver.topic(topic('other-again-repartition')).pipe('k', 'w')

  assert.deepEqual(await driver.output(out).readValues(), ['v', 'w'])
  for (const name of ['app-again-repartition', 'app-earlier-repartition']) assert.throws(() => driver.topic(topic(name)), /does not read topic/)
})

test('a topic that two patterns match is refused when it is there', async () => {
  const driver = createTestDriver(built(({ stream }) => {
    stream(topicPattern({ matching: /a-.*/, value: serdes.string })).to(out)
    stream(topicPattern({ matching: /.*-b/, value: serdes.string })).to(counts0)
  })())
  await driver.topic(topic('a-1')).pipe('k', 'v')

  assert.throws(() => driver.topic(topic('a-b')), /Topic 'a-b' is matched by the patterns \/a-\.\*\/ and \/\.\*-b\/; a topic has one source/)
})

const counts0 = topic('other-out')

test('a topic with a source of its own, of whatever kind, is not to be matched by a pattern', () => {
  const own = topic('orders-own')
  const refused = /two sources of topic 'orders-own', '.*' and '.*' with the pattern \/orders-\.\*\/, which matches it too/
  assert.throws(built(({ stream }) => {
    stream(own).to(out)
    stream(orders).to(counts0)
  }), refused)
  assert.throws(built(({ stream, table }) => {
    stream(orders).to(counts0)
    table(own)
  }), refused)
  assert.throws(built(({ stream, globalTable }) => {
    globalTable(own)
    stream(orders).to(counts0)
  }), refused)
})

test('an extractor, a reset and serdes of a pattern source count for each topic', async () => {
  const driver = createTestDriver(built(({ stream }) => {
    stream(orders, { timestampExtractor: ({ topic, value }) => topic.length + Number(value) }).map((value, key) => [key, value]).to(out)
  })())
  await driver.topic(topic('orders-eu')).pipe('k', '100')

  assert.equal((await driver.output(out).read())?.timestamp, 109)
})

test('a pattern with flags that mean nothing for a name is refused', () => {
  assert.throws(() => topicPattern({ matching: /orders-.*/g }), /has flags that mean nothing for the name of a topic/)
})

test('where dead letters go is the same for each topic of a pattern', async () => {
  const numbers = topicPattern({ matching: /numbers-.*/, value: serdes.long })
  const driver = createTestDriver(defineTopology('t', { deadLetters: { topic: defineTopic({ name: 'dead' }), format: 'raw' } }, ({ stream }) => stream(numbers).to(counts)))
  await driver.topic(topic('numbers-1')).pipe('k', 'no long')

  assert.deepEqual((await driver.deadLetters()).map(({ source }) => source.topic), ['numbers-1'])
})
