import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type } from 'typebox'
import { defineAsyncProcessor, defineTopic, defineTopology, type CallContext } from '../../../streams/index.ts'
import { openMemoryState } from '../../../streams/state/memory-state.ts'
import { Task } from '../../../streams/task/task.ts'
import { startEngine } from '../../helpers/tasks.ts'

const orders = defineTopic({ name: 'orders' })

test('calls that are under way when tasks are given away are waited for, and what came of them is committed', async t => {
  const begun: CallContext[] = []
  const answers: (() => void)[] = []
  const topology = calling(async context => {
    begun.push(context)
    await new Promise<void>(resolve => { answers.push(resolve) })
  })
  const state = openMemoryState()
  const it = startEngine(t, { state, topology, producer: { send: async () => {}, close: async () => {} } })
  const [position] = await state.takeOver([{ subTopology: 'orders', partition: 0, offsets: { orders: 0 } }])
  const [subTopology] = topology.subTopologies
  assert.ok(position !== undefined && subTopology !== undefined)
  it.engine.resume([new Task(subTopology, position, ['orders'], 1)])
  const [asked] = it.engine.wanted()
  assert.ok(asked)
  const record = (offset: number) => ({ topic: 'orders', partition: 0, offset, timestamp: 0, key: Buffer.from(`k${offset}`), value: Buffer.from('{}'), headers: [] })
  it.engine.deliver({ ...asked, askedOffset: 0, records: [0, 1, 2].map(record), nextOffset: 3, endOffset: 3 })
  await it.until(() => begun.length === 2)

  const pausing = it.engine.pause()
  answers[1]?.()
  answers[0]?.()
  await pausing

  assert.equal(begun.length, 2, 'the third is not begun: concurrency is 2')
  const [after] = await state.positions([position])
  assert.deepEqual(after?.offsets, { orders: 2 })
})

test('a finished call behind one that is not is kept beyond the offset', async t => {
  const answers = new Map<string, () => void>()
  const topology = calling(async ({ idempotencyKey }) => { await new Promise<void>(resolve => { answers.set(idempotencyKey, resolve) }) })
  const state = openMemoryState()
  const it = startEngine(t, { state, topology, producer: { send: async () => {}, close: async () => {} } })
  const [position] = await state.takeOver([{ subTopology: 'orders', partition: 0, offsets: { orders: 0 } }])
  const [subTopology] = topology.subTopologies
  assert.ok(position !== undefined && subTopology !== undefined)
  it.engine.resume([new Task(subTopology, position, ['orders'], 1)])
  const [asked] = it.engine.wanted()
  assert.ok(asked)
  const record = (offset: number) => ({ topic: 'orders', partition: 0, offset, timestamp: 0, key: Buffer.from(`k${offset}`), value: Buffer.from('{}'), headers: [] })
  it.engine.deliver({ ...asked, askedOffset: 0, records: [0, 1].map(record), nextOffset: 2, endOffset: 2 })
  await it.until(() => answers.size === 2)

  answers.get('app/orders/0/orders-0@1/send#0')?.()
  await it.until(() => it.commits.length === 1)

  const [after] = await state.positions([position])
  assert.deepEqual([after?.offsets, after?.finished], [{ orders: 0 }, { orders: [[1, 2]] }])
  answers.get('app/orders/0/orders-0@0/send#0')?.()
  await it.until(() => it.commits.length === 2)
  const [done] = await state.positions([position])
  assert.deepEqual([done?.offsets, done?.finished], [{ orders: 2 }, {}])
})

function calling (work: (context: CallContext) => Promise<void>) {
  const send = defineAsyncProcessor({
    name: 'send',
    input: Type.Unknown(),
    concurrency: 2,
    process: async (_record, context) => {
      await work(context)
      return undefined
    }
  })
  return defineTopology('orders', ({ stream }) => { stream(orders).processAsync(send) })
}
