import { deepEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { defineTopic, defineTopology, serdes, type Topology, type WrapProcessor } from '../../../streams/index.ts'
import { createTestDriver } from '../../../streams/testing.ts'

const words = defineTopic({ name: 'words', value: serdes.string })
const counts = defineTopic({ name: 'counts', value: serdes.long })

function counting (wrapProcessor: WrapProcessor): Topology {
  return defineTopology('counting', { wrapProcessor }, ({ stream }) => {
    stream(words).filter(value => value !== 'no', { name: 'wanted' }).groupByKey().count({ name: 'count', store: { name: 'counted' } }).toStream().to(counts)
  })
}

async function resultsOf (topology: Topology): Promise<unknown> {
  const driver = createTestDriver(topology)
  for (const word of ['x', 'no', 'y']) await driver.topic(words).pipe('a', word)
  return await driver.output(counts).readAll()
}

test('every node that runs is wrapped, those of the language too, and a wrapper sees the records that reach it', async () => {
  const wrapped = new Set<string>()
  const seen: unknown[] = []
  const topology = counting((wire, node) => (...wiring) => {
    wrapped.add(node.name)
    const process = wire(...wiring)
    return record => {
      if (node.name === 'wanted') seen.push(record.value)
      process(record)
    }
  })

  const results = await resultsOf(topology)

  deepEqual([...wrapped], topology.nodes.map(({ name }) => name))
  deepEqual([...new Set(seen)], ['x', 'no', 'y'])
  deepEqual(results, await resultsOf(counting(wire => wire)))
})

test('a wrapper may stand in the way of a node', async () => {
  const results = await resultsOf(counting((wire, { name }) => name === 'wanted' ? () => () => {} : wire))

  deepEqual(results, [])
})
