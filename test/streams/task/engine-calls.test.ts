import assert from 'node:assert/strict'
import { EventEmitter, once as nextOf } from 'node:events'
import { test, type TestContext } from 'node:test'
import { Type } from 'typebox'
import { defineAsyncProcessor, defineTopic, defineTopology, ordered, type LogRecord } from '../../../streams/index.ts'
import { openMemoryState } from '../../../streams/state/memory-state.ts'
import { StateError } from '../../../streams/state/state.ts'
import { Task } from '../../../streams/task/task.ts'
import { faulty, once, startEngine, type Faults } from '../../helpers/tasks.ts'

const orders = defineTopic({ name: 'orders' })

test('calls that are under way when tasks are given away are waited for, and what came of them is committed', { timeout: 30_000 }, async t => {
  const world = callingWorld(t)
  await world.feed(3)
  const [first, second] = await world.begun(2)

  const pausing = world.engine.pause()
  second?.answer()
  first?.answer()
  await pausing

  assert.equal(world.calls.length, 2, 'the third is not begun')
  assert.deepEqual((await world.position())?.offsets, { orders: 2 })
})

test('what calls have brought is committed before tasks are given away, also where its unit has to be run again', { timeout: 30_000 }, async t => {
  for (const failing of ['begin', 'write'] as const) {
    const fail = once(() => { throw new StateError('outage', 'The tables are not there yet.', undefined) })
    const world = callingWorld(t, { [failing]: fail })
    await world.feed(2)
    const [first, second] = await world.begun(2)

    const pausing = world.engine.pause()
    second?.answer()
    first?.answer()
    await pausing

    assert.deepEqual((await world.position())?.offsets, { orders: 2 }, failing)
  }
})

test('a call is begun while a unit is being committed', { timeout: 30_000 }, async t => {
  const gate = Promise.withResolvers<void>()
  t.after(() => gate.resolve())
  const committing = Promise.withResolvers<void>()
  const world = callingWorld(t, {
    write: once(async () => {
      committing.resolve()
      await gate.promise
    })
  })
  await world.feed(1)
  const [first] = await world.begun(1)
  first?.answer()
  await committing.promise

  world.deliver(1)
  const [, second] = await world.begun(2)

  assert.equal(world.commits.length, 0)
  second?.answer()
})

test('a call that is answered before an earlier one is kept beyond the offset, and is part of it when that one is', { timeout: 30_000 }, async t => {
  const world = callingWorld(t)
  await world.feed(2)
  const [first, second] = await world.begun(2)

  second?.answer()
  await world.committed(1)
  const between = await world.position()
  assert.deepEqual([between?.offsets, between?.finished], [{ orders: 0 }, { orders: [[1, 2]] }])

  first?.answer()
  await world.committed(2)
  const after = await world.position()
  assert.deepEqual([after?.offsets, after?.finished], [{ orders: 2 }, {}])
})

test('parked records that are due all at once are read in pages, and each is called once', { timeout: 60_000 }, async t => {
  const PARKED = 5_000
  const places = Array.from({ length: PARKED }, (_, offset) => ({ subTopology: 'orders', partition: 0, lane: `kk${offset}`, seq: offset + 1, dueAtMs: 0 }))
  const pages: number[] = []
  const called: number[] = []
  let isGone = false
  const send = defineAsyncProcessor({
    name: 'send',
    input: Type.Unknown(),
    retry: ordered({ delays: ['1s'] }),
    async process (_record, { recordMetadata: { offset } }) {
      called.push(offset)
      assert.ok(pages.reduce((sum, size) => sum + size, 0) - called.length <= 1_000, 'no more are here than there is room for')
      return undefined
    }
  })
  const topology = defineTopology('orders', ({ stream }) => { stream(orders).processAsync(send) })
  const state = openMemoryState()
  const { engine, until } = startEngine(t, {
    topology,
    producer: { send: async () => {}, close: async () => {} },
    state: {
      ...state,
      async loadParked (asked) {
        pages.push(asked.length)
        const rows = asked.map(({ seq }) => ({
          ...places[seq - 1], subTopology: 'orders', partition: 0, lane: `kk${seq - 1}`, seq, dueAtMs: 0, attempts: 1, firstFailedAtMs: 1, origin: '', record: orderRecord(seq - 1)
        }))
        // One was given up by hand meanwhile.
        const [first, ...others] = rows
        if (isGone || first === undefined) return rows
        isGone = true
        called.push(first.record.offset)
        return others
      }
    }
  })
  const [position] = await state.takeOver([{ subTopology: 'orders', partition: 0, offsets: { orders: PARKED } }])
  const [subTopology] = topology.subTopologies
  assert.ok(position !== undefined && subTopology !== undefined)
  await engine.pause()
  const task = new Task(subTopology, position, ['orders'], 1, [], () => undefined, places)
  engine.resume([task])

  await until(() => task.calls?.parking.size === 0 && !engine.hasAnswers)

  assert.deepEqual(called.toSorted((a, b) => a - b), places.map((_, offset) => offset))
  assert.ok(Math.max(...pages) <= 1_000, `a page of ${Math.max(...pages)}`)
  assert.ok(pages.length <= 12, `${pages.length} pages: ${pages.join(' ')}`)
})

interface Answerable {
  readonly answer: () => void
}

function orderRecord (offset: number): LogRecord {
  return { topic: 'orders', partition: 0, offset, timestamp: 0, key: Buffer.from(`k${offset}`), value: Buffer.from('{}'), headers: [] }
}

/** An engine over a topology whose calls are answered by hand; two at once. */
function callingWorld (t: TestContext, faults: Faults = {}) {
  const calls: Answerable[] = []
  const wake = new EventEmitter()
  const send = defineAsyncProcessor({
    name: 'send',
    input: Type.Unknown(),
    concurrency: 2,
    process: async () => {
      const { promise, resolve } = Promise.withResolvers<undefined>()
      calls.push({ answer: () => resolve(undefined) })
      wake.emit('call')
      return await promise
    }
  })
  const topology = defineTopology('orders', ({ stream }) => { stream(orders).processAsync(send) })
  const state = openMemoryState()
  const { engine, until, commits } = startEngine(t, { state: faulty(state, faults), topology, producer: { send: async () => {}, close: async () => {} } })
  const task = { subTopology: 'orders', partition: 0 }
  let fed = 0
  const deliver = (count: number): void => {
    const [asked] = engine.wanted()
    assert.ok(asked)
    const records = Array.from({ length: count }, (_, nth) => orderRecord(fed + nth))
    fed += count
    engine.deliver({ ...asked, askedOffset: asked.offset, records, nextOffset: fed, endOffset: fed })
  }
  return {
    engine,
    calls,
    commits,
    deliver,
    position: async () => (await state.positions([task]))[0],
    committed: async (count: number) => await until(() => commits.length >= count),
    async begun (count: number) {
      while (calls.length < count) await nextOf(wake, 'call')
      return calls
    },
    async feed (count: number) {
      const [position] = await state.takeOver([{ ...task, offsets: { orders: 0 } }])
      const [subTopology] = topology.subTopologies
      assert.ok(position !== undefined && subTopology !== undefined)
      await engine.pause()
      engine.resume([new Task(subTopology, position, ['orders'], 1)])
      deliver(count)
    }
  }
}
