import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type, type Static } from 'typebox'
import { defineAsyncProcessor, defineTopic, defineTopology, delayTopics, isRejected, isValid, topicPattern, type Stream, type Topology, type TopologyBuilder } from '../../../streams/index.ts'
import { createTestDriver } from '../../../streams/testing.ts'
import { internalPartitions } from '../../../streams/worker/internal-topics.ts'

const Order = Type.Object({ id: Type.Integer() })
const eu = defineTopic({ name: 'orders-eu' })
const us = defineTopic({ name: 'orders-us' })
const asia = defineTopic({ name: 'orders-asia' })
const sent = defineTopic({ name: 'sent' })
const [MINUTE, HOUR] = [60_000, 3_600_000]

interface Seen {
  readonly calls: string[]
  readonly topology: Topology
}

/** Every record fails at its first two attempts. */
function sending (read: (builder: TopologyBuilder<object>) => Stream<string | null, unknown>): Seen {
  const calls: string[] = []
  const send = defineAsyncProcessor({
    name: 'send',
    input: Order,
    output: Order,
    retry: delayTopics({ delays: ['1m', '1h'] }),
    process: async ({ value }: { value: Static<typeof Order> }, { attempt, idempotencyKey, recordMetadata: { topic, partition, offset } }) => {
      calls.push(`${topic}-${partition}@${offset} ${attempt} ${idempotencyKey}`)
      if (attempt < 3) throw new Error('busy')
      return value
    }
  })
  const topology = defineTopology('sending', { deadLetters: { topic: defineTopic({ name: 'dlq' }), format: 'raw' } }, builder => {
    read(builder).validate(Order).branch({ valid: isValid, dlq: isRejected }).valid.processAsync(send).to(sent)
  })
  return { calls, topology }
}

const sources: readonly (readonly [string, () => Seen])[] = [
  ['a source of several topics', () => sending(({ stream }) => stream([eu, us]))],
  ['a pattern', () => sending(({ stream }) => stream(topicPattern({ matching: /orders-.*/ })))]
]

for (const [what, open] of sources) {
  test(`behind ${what}, a record comes back from each delay as what it was, whatever partition of whatever topic it is from`, async () => {
    const { calls, topology } = open()
    const driver = createTestDriver(topology, { partitions: { 'orders-eu': 1, 'orders-us': 3, sent: 1, dlq: 1 } })
    await driver.topic(us).pipe('a', { id: 1 }, { partition: 2 })
    await driver.topic(eu).pipe('a', { id: 2 })
    await driver.topic(us).pipe('b', { id: 3 }, { partition: 0 })
    await driver.advanceWallClock(MINUTE)
    await driver.restart()
    assert.deepEqual(await driver.output(sent).readValues(), [])
    await driver.advanceWallClock(HOUR)

    assert.deepEqual((await driver.output(sent).readValues()).map(value => JSON.stringify(value)).sort(), [1, 2, 3].map(id => JSON.stringify({ id })))
    const places = ['orders-eu-0@0', 'orders-us-0@0', 'orders-us-2@0']
    const name = topology.subTopologies[0]?.name ?? ''
    assert.deepEqual(calls.toSorted(), places.flatMap(place => [1, 2, 3].map(attempt => `${place} ${attempt} test/${name}/${place.at(-3)}/${place}/send#0`)))
    assert.deepEqual(await driver.deadLetters(), [])
  })

  test(`behind ${what}, an attempt that a crash undoes is made again, and no record is lost`, async () => {
    const { topology } = open()
    const driver = createTestDriver(topology, { partitions: { 'orders-eu': 1, 'orders-us': 3, sent: 1, dlq: 1 } })
    await driver.topic(us).pipe('a', { id: 0 }, { partition: 2 })
    driver.crashAt('produced')
    await driver.topic(eu).pipe('a', { id: 1 })
    driver.crashAt('written')
    await driver.advanceWallClock(MINUTE)
    driver.crashAt('produced')
    await driver.advanceWallClock(HOUR)
    await driver.advanceWallClock(HOUR)

    // What a unit has sent before it died is sent again.
    assert.deepEqual([...new Set((await driver.output(sent).readValues()).map(value => JSON.stringify(value)))].sort(), [0, 1].map(id => JSON.stringify({ id })))
  })
}

test('a topic of a pattern that is found while others wait to be tried again changes nothing for them', async () => {
  const { calls, topology } = sending(({ stream }) => stream(topicPattern({ matching: /orders-.*/ })))
  const driver = createTestDriver(topology, { partitions: { 'orders-eu': 2, 'orders-us': 1, sent: 1, dlq: 1 } })
  await driver.topic(eu).pipe('a', { id: 1 }, { partition: 1 })
  await driver.topic(us).pipe('b', { id: 2 })
  await driver.advanceWallClock(MINUTE)
  await driver.advanceWallClock(HOUR)

  assert.deepEqual(calls.map(call => call.slice(0, 15)).sort(), ['orders-eu-1@0', 'orders-us-0@0'].flatMap(place => [1, 2, 3].map(attempt => `${place} ${attempt}`)))
})

test('a found topic with more partitions than a retry topic is refused, with what to do: what waits can stay', async () => {
  const { topology } = sending(({ stream }) => stream(topicPattern({ matching: /orders-.*/ })))
  const driver = createTestDriver(topology, { partitions: { 'orders-eu': 1, 'orders-us': 3, sent: 1, dlq: 1 } })
  await driver.topic(eu).pipe('a', { id: 1 })

  await assert.rejects(driver.topic(us).pipe('b', { id: 2 }), /Retry topic 'test-send\.retry\.1m' has 1 partitions, and what is read with it up to 3\. Give it 3 partitions/)
})

test('retry topics have as many partitions as the largest topic that is read with them, and keep those that they had', () => {
  const counts = (read: Parameters<typeof sending>[0], known: Readonly<Record<string, number>>): unknown => Object.fromEntries(internalPartitions(sending(read).topology, 'app', new Map(Object.entries(known)), ['orders-x', 'orders-y'].filter(name => name in known)))
  const both = (count: number, other = count): unknown => ({ 'app-send.retry.1m': count, 'app-send.retry.1h': other })

  assert.deepEqual(counts(({ stream }) => stream(eu), { 'orders-eu': 6 }), both(6))
  assert.deepEqual(counts(({ stream }) => stream([eu, us]), { 'orders-eu': 2, 'orders-us': 5 }), both(5))
  assert.deepEqual(counts(({ stream }) => stream([eu, us]).merge(stream(asia)), { 'orders-eu': 2, 'orders-us': 5, 'orders-asia': 3 }), both(5))
  assert.deepEqual(counts(({ stream }) => stream(topicPattern({ matching: /orders-.*/ })), { 'orders-x': 2, 'orders-y': 4 }), both(4))
  assert.deepEqual(counts(({ stream }) => stream([eu, us]), { 'orders-eu': 2, 'orders-us': 5, 'app-send.retry.1m': 8 }), both(8, 5))
  assert.throws(() => counts(({ stream }) => stream(topicPattern({ matching: /orders-.*/ })), {}), /How many partitions retry topic 'send\.retry\.1m' .* none of the topics exists/)
})
