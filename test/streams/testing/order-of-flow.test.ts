import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineTopic, defineTopology, serdes } from '../../../streams/index.ts'
import { inOrderOfFlow } from '../../../streams/testing/order-of-flow.ts'

const lines = defineTopic({ name: 'lines', value: serdes.string })
const others = defineTopic({ name: 'others', value: serdes.string })

test('who writes a topic comes before who reads it, through any number of steps', () => {
  const { subTopologies } = defineTopology('steps', ({ stream }) => {
    const first = stream(lines, { name: 'z' }).repartition({ name: 'one', key: serdes.string, value: serdes.string })
    const second = stream(others, { name: 'a' }).merge(first).repartition({ name: 'two', key: serdes.string, value: serdes.string })
    second.to(defineTopic({ name: 'out', value: serdes.string }))
  })
  const firstTopics = (given: typeof subTopologies): (string | undefined)[] => inOrderOfFlow(given).map(({ topics }) => topics[0])

  assert.equal(subTopologies.length, 3)
  assert.deepEqual(firstTopics(subTopologies), firstTopics(subTopologies.toReversed()))
  assert.deepEqual(firstTopics(subTopologies)[0], 'lines')
  assert.match(String(firstTopics(subTopologies)[2]), /two/)
})

test('in a circle everybody comes once', () => {
  const { subTopologies } = defineTopology('circle', ({ stream }) => {
    stream(lines).to(others)
    stream(others).to(lines)
  })

  assert.equal(inOrderOfFlow(subTopologies).length, subTopologies.length)
})
