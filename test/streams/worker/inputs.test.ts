import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { defineTopology, serdes, silentLogger, topicPattern } from '../../../streams/index.ts'
import { createMemoryLog } from '../../../streams/log/memory.ts'
import { openMemoryState } from '../../../streams/state/memory-state.ts'
import { Inputs } from '../../../streams/worker/inputs.ts'
import { startsOf } from '../../../streams/worker/starts.ts'
import { openEmbedded } from '../../helpers/embedded.ts'
import { until } from '../../helpers/until.ts'

const orders = topicPattern({ matching: /orders-.*/, value: serdes.string })
const counting = defineTopology('counting', ({ stream }) => { stream(orders, { name: 'orders' }).groupByKey().count({ store: { name: 'seen' } }) })

function world (t: TestContext) {
  const log = createMemoryLog()
  t.after(() => log.close())
  const state = openMemoryState()
  const make = async (name: string): Promise<void> => await log.createTopics([{ name, partitions: 1 }])
  const begun = async (): Promise<Inputs> => {
    const inputs = new Inputs({ topology: counting, applicationId: 'app', log, state, logger: silentLogger })
    await inputs.begin()
    return inputs
  }
  /** Where the topics begin, of which each has a record, when the worker is told to begin at the end. */
  const beginnings = async (inputs: Inputs, topics: readonly string[]) => {
    const [start] = await startsOf([{ subTopology: 'orders', partition: 0, topics, writesInternal: false }], {
      applicationId: 'app', log, state, offsetReset: 'latest', resets: inputs.resets(), noted: inputs.noted, internalTopics: new Set()
    })
    return start?.offsets
  }
  const send = async (topic: string): Promise<void> => await log.openProducer().send([{ topic, key: null, value: Buffer.from('1'), headers: [] }])
  return { log, make, begun, beginnings, send }
}

test('what a pattern finds at the first start begins where the worker is told, and what comes later at its first record', async t => {
  const { make, begun, beginnings, send } = world(t)
  await make('orders-old')
  await send('orders-old')
  const first = await begun()
  await make('orders-running')
  await send('orders-running')
  await first.follow([{ topic: 'orders-old', partition: 0 }, { topic: 'orders-running', partition: 0 }])
  assert.deepEqual(await beginnings(first, ['orders-old', 'orders-running']), { 'orders-old': 1, 'orders-running': 0 })

  await make('orders-stopped')
  await send('orders-stopped')
  assert.deepEqual(await beginnings(await begun(), ['orders-stopped']), { 'orders-stopped': 0 })
})

test('a pattern that matched nothing at the first start still begins what comes at its first record', async t => {
  const { make, begun, beginnings, send } = world(t)
  await begun()
  await make('orders-late')
  await send('orders-late')

  assert.deepEqual(await beginnings(await begun(), ['orders-late']), { 'orders-late': 0 })
})

test('a topic that is gone is read no more', async t => {
  const { log, make, begun } = world(t)
  await make('orders-a')
  await make('orders-b')
  const inputs = await begun()
  await log.deleteTopics(['orders-a'])
  await inputs.follow([{ topic: 'orders-b', partition: 0 }])

  assert.deepEqual([...inputs.topics], ['orders-b'])
})

test('what is assigned is read, also where the broker that was asked has not heard of the topic yet', async t => {
  const inputs = await world(t).begun()
  await inputs.follow([{ topic: 'orders-new', partition: 0 }])

  assert.deepEqual([...inputs.topics], ['orders-new'])
})

test('a worker takes up a topic that comes while it runs, and counts on with the task that it has', async t => {
  const { log, units } = await openEmbedded(t, counting)
  const producer = log.openProducer()
  for (const [index, name] of ['orders-a', 'orders-b', 'orders-c'].entries()) {
    await log.createTopics([{ name, partitions: index + 1 }])
    await producer.send([{ topic: name, partition: 0, key: Buffer.from('k'), value: Buffer.from('v'), headers: [] }])
    await until(`${name} is counted`, () => units.flatMap(({ items }) => items).length > index)
  }

  assert.deepEqual(units.flatMap(({ items }) => items.map(({ record }) => `${record?.topic}@${record?.offset}`)), ['orders-a@0', 'orders-b@0', 'orders-c@0'])
  assert.deepEqual([...new Set(units.flatMap(({ items }) => items.map(({ task }) => task.name)))], ['orders/0'])
})
