import { deepEqual, equal, rejects } from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { Type } from 'typebox'
import { defineAsyncProcessor, defineTopic, defineTopology, FatalError, ordered, silentLogger, type Logger, type Topology } from '../../../streams/index.ts'
import { createMemoryLog } from '../../../streams/log/memory.ts'
import { openMemoryState } from '../../../streams/state/memory-state.ts'
import { Worker } from '../../../streams/worker/worker.ts'
import { memoryWorkerOptions } from '../../helpers/memory-worker.ts'
import { until } from '../../helpers/until.ts'

const orders = defineTopic({ name: 'orders' })
const letters = defineTopic({ name: 'letters' })

function calling (isDown: () => boolean, called: () => void): Topology {
  const send = defineAsyncProcessor({
    name: 'send',
    input: Type.Unknown(),
    retry: ordered({ delays: [1], attempts: Infinity }),
    async process () {
      if (isDown()) throw new Error('connection refused')
      called()
      return undefined
    }
  })
  return defineTopology('orders', { deadLetters: { topic: letters, format: 'raw' } }, ({ stream }) => { stream(orders).processAsync(send) })
}

/** Two records of one key that are parked, and the worker gone. */
async function parked (t: TestContext) {
  const [log, state] = [createMemoryLog(), openMemoryState()]
  t.after(log.close)
  await log.createTopics(['orders', 'letters'].map(name => ({ name, partitions: 1 })))
  const run = async (topology: Topology, logger: Logger = silentLogger): Promise<Worker> => {
    const worker = new Worker(memoryWorkerOptions({ topology, applicationId: 'shop', log, state, logger }))
    t.after(worker.stop.bind(worker))
    await worker.start()
    return worker
  }
  await log.openProducer().send([0, 1].map(() => ({ topic: 'orders', partition: 0, key: Buffer.from('k'), value: Buffer.from('{}'), headers: [], timestamp: 0 })))
  const worker = await run(calling(() => true, () => {}))
  await until('both are parked', async () => (await state.parked([{ subTopology: 'orders', partition: 0 }])).length === 2)
  await worker.stop()
  return { run, state }
}

test('a topology that makes no calls any more does not take over a task with parked records, and says which and what to do', async t => {
  const { run } = await parked(t)

  const worker = await run(defineTopology('orders', ({ stream }) => { stream(orders).foreach(() => {}) }))

  await rejects(worker.done, new FatalError(
    "2 records are parked for another attempt in sub-topology 'orders', the first of them orders-0@0, and the topology makes no calls there any more, so nothing would ever run them. " +
    'Run the version that has the processAsync node until nothing is parked, and this one then; ' +
    "or give these records up: delete from \"shop\".millrace_parked where sub_topology = 'orders'."
  ))
})

test('a topology without the sub-topology of parked records says so when it starts, and what to do', async t => {
  const { run } = await parked(t)
  const warnings: unknown[] = []

  await run(defineTopology('letters', ({ stream }) => { stream(letters).foreach(() => {}) }), { ...silentLogger, warn: (fields, message) => warnings.push([fields, message]) })

  deepEqual(warnings, [[
    { subTopology: 'orders', count: 2 },
    "2 records are parked for another attempt in sub-topology 'orders', which the topology does not have, so nothing runs them. " +
    "Run the version that has it until nothing is parked there; or give these records up: delete from \"shop\".millrace_parked where sub_topology = 'orders'."
  ]])
})

test('records that another worker has parked are called by who takes the task over', async t => {
  const { run, state } = await parked(t)
  let calls = 0

  await run(calling(() => false, () => { calls++ }))

  await until('nothing is parked', async () => (await state.parked([{ subTopology: 'orders', partition: 0 }])).length === 0)
  equal(calls, 2)
})
