import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineInternalTopic, defineTopic, defineTopology, serdes, silentLogger } from '../../../streams/index.ts'
import { namedSubTopologies } from '../../../streams/graph/topic-names.ts'
import { createMemoryLog } from '../../../streams/log/memory.ts'
import { openMemoryState } from '../../../streams/state/memory-state.ts'
import { Task } from '../../../streams/task/task.ts'
import { createPurge } from '../../../streams/worker/purge.ts'

const part = defineInternalTopic({ name: 'part', key: serdes.string, value: serdes.json })
const topology = defineTopology('purging', ({ stream }) => {
  stream(defineTopic({ name: 'in' })).to(part)
  stream(part).peek(() => {})
})

/** Writer and reader of one partition, and ten records in it; the reader stands where it is put. */
async function openWorld () {
  const log = createMemoryLog()
  await log.createTopics([{ name: 'app-part', partitions: 1 }])
  await log.openProducer().send(Array.from({ length: 10 }, () => ({ topic: 'app-part', partition: 0, key: null, value: null, headers: [] })))
  const state = openMemoryState()
  const tasks = await Promise.all(namedSubTopologies(topology, 'app').map(async subTopology => {
    const [position] = await state.takeOver([{ subTopology: subTopology.name, partition: 0, offsets: {} }])
    if (position === undefined) throw new Error('not taken over')
    return new Task(subTopology, position, subTopology.topics, 1)
  }))
  const purge = createPurge({ applicationId: 'app', log, state, logger: silentLogger, tasks: () => tasks, internal: () => new Map([['app-part', 1]]) })
  return {
    log,
    state,
    purge,
    readTo (offset: number) { for (const task of tasks) if (task.subTopology.name === 'part') task.position = { ...task.position, offsets: { 'app-part': offset } } },
    start: async () => (await log.offsets([{ topic: 'app-part', partition: 0 }], 'earliest'))[0]?.offset,
    endEpoch: async () => await state.takeOver([{ subTopology: 'in', partition: 0, offsets: {}, writesInternal: true }]),
    closed: async () => (await state.unitsOf([{ subTopology: 'in', partition: 0 }])).flatMap(({ closed }) => closed.map(({ epoch }) => epoch))
  }
}

test('what the committed position of an internal topic is behind of is deleted, and nothing else', async () => {
  const world = await openWorld()
  await world.purge()
  assert.equal(await world.start(), 0)

  world.readTo(4)
  await world.purge()

  assert.equal(await world.start(), 4)
})

test('an epoch that ended is forgotten when its readers have passed the ends that were seen after it ended', async () => {
  const world = await openWorld()
  await world.endEpoch()
  world.readTo(9)
  await world.purge()
  await world.log.openProducer().send([{ topic: 'app-part', partition: 0, key: null, value: null, headers: [] }])
  assert.deepEqual(await world.closed(), [1])

  world.readTo(10)
  await world.purge()

  assert.deepEqual(await world.closed(), [])
})
