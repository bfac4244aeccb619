import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineInternalTopic, defineTopic, defineTopology, serdes, type StreamRecord } from '../../../streams/index.ts'
import { topicsOf } from '../../../streams/graph/topic-names.ts'
import { describeAsText } from '../../../streams/graph/describe/text.ts'
import { createTestDriver } from '../../../streams/testing.ts'

const input = defineTopic({ name: 'input', value: serdes.string })
const small = defineTopic({ name: 'small', value: serdes.string })
const large = defineTopic({ name: 'large', value: serdes.string })
const stray = defineTopic({ name: 'stray', value: serdes.string })
const letters = defineTopic({ name: 'letters' })

function bySize ({ value }: StreamRecord<string | null, string | null>): typeof small {
  if (value === null) return stray
  return value.length > 3 ? large : small
}

const topology = defineTopology('sizing', { deadLetters: { topic: letters, format: 'raw' } }, ({ stream }) => {
  stream(input).to(bySize, { topics: [small, large] })
})

test('each record goes to the declared topic that it chooses; another one is a failure of the record', async () => {
  const driver = createTestDriver(topology)
  await driver.topic(input).pipe('a', 'xx')
  await driver.topic(input).pipe('a', 'xxxx')
  await driver.topic(input).pipe('a', null)

  assert.deepEqual(await driver.output(small).readValues(), ['xx'])
  assert.deepEqual(await driver.output(large).readValues(), ['xxxx'])
  assert.equal((await driver.deadLetters()).length, 1)
  await driver.close()
})

test('a partitioner is asked with the number of partitions of the topic that was chosen', async () => {
  const asked: number[] = []
  const driver = createTestDriver(defineTopology('sizing', ({ stream }) => {
    stream(input).to(bySize, {
      topics: [small, large],
      partitioner (_record, count) {
        asked.push(count)
        return count - 1
      }
    })
  }), { partitions: { input: 1, small: 2, large: 5 } })
  await driver.topic(input).pipe('a', 'xx')
  await driver.topic(input).pipe('a', 'xxxx')

  assert.deepEqual([(await driver.output(small).read())?.partition, (await driver.output(large).read())?.partition], [1, 4])
  assert.ok(asked.includes(2) && asked.includes(5))
})

test('all declared topics are among those that have to exist, and no other', () => {
  assert.deepEqual(topicsOf(topology).map(({ name }) => name), ['input', 'small', 'large', 'letters'])
})

test('the description says what chooses, as Kafka Streams does', () => {
  assert.match(describeAsText(topology.subTopologies), /Sink: KSTREAM-SINK-0000000001 \(extractor class: bySize\)\n {6}<-- KSTREAM-SOURCE-0000000000/)
})

test('an internal topic cannot be chosen', () => {
  const hidden = defineInternalTopic({ name: 'hidden', key: serdes.string, value: serdes.string })
  assert.throws(() => defineTopology('hiding', ({ stream }) => stream(input).to(() => hidden, { topics: [hidden] })), /internal topic 'hidden'/)
})
