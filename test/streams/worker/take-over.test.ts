import { deepEqual, equal, ok } from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import { defineTopic, defineTopology, type Log } from '../../../streams/index.ts'
import type { GroupOptions } from '../../../streams/log/log.ts'
import { createMemoryLog } from '../../../streams/log/memory.ts'
import { openMemoryState } from '../../../streams/state/memory-state.ts'
import { Worker } from '../../../streams/worker/worker.ts'
import { memoryWorkerOptions } from '../../helpers/memory-worker.ts'
import { until } from '../../helpers/until.ts'

const topology = defineTopology('orders', ({ stream }) => { stream(defineTopic({ name: 'orders' })).foreach(() => {}) })

test('a task is not taken over for an assignment that is no longer the newest, when the group confirms the newest', async t => {
  const world = await groupWorld(t)
  await world.assign(0)
  const confirming = world.confirmLater()

  world.assigned(0, 1)
  await until('the group is asked', () => confirming.isAsked())
  world.assigned()
  confirming.answer()

  await world.has()
  deepEqual(world.takenOver, [0])
})

test('the group is joined anew when nobody takes tasks over any more', async t => {
  const world = await groupWorld(t)
  await world.assign(0)
  const taking = world.takeOverLater()
  world.assigned(0, 1)
  await until('it is being taken over', () => taking.isAsked())

  let isPrepared = false
  const prepared = world.prepare().then(() => { isPrepared = true })
  for (let turns = 0; turns < 20; turns++) await turn()
  equal(isPrepared, false)
  taking.answer()
  await prepared

  world.assigned(0)
  await world.has(0)
})

test('who waits for the group\'s word does not hold up its rebalance', async t => {
  const world = await groupWorld(t)
  await world.assign(0)
  world.confirmNever()
  world.assigned(0, 1)
  await until('the group is asked', () => world.refused() > 0)

  await world.prepare()

  deepEqual(world.takenOver, [0])
})

test('an assignment that comes while the unit in flight still holds up the last rebalance is taken up', async t => {
  const world = await groupWorld(t)
  await world.assign(0)
  const { committing, prepared } = await preparedWhileCommitting(world)

  // The group waits no longer.
  world.assigned(0, 1)
  committing.answer()
  await prepared

  await world.has(0, 1)
  await world.send(1)
  await until('what comes then is run', () => world.ran.join() === '0,1')
})

test('a unit that is lost while the group is joined anew asks for no tasks: the next assignment says what is ours', async t => {
  const world = await groupWorld(t)
  await world.assign(0)
  const { committing, prepared } = await preparedWhileCommitting(world)
  await world.takenByOthers(0)
  committing.answer()
  await prepared

  world.assigned(1)
  await world.has(1)

  deepEqual(world.takenOver, [0, 1])
})

/** The group is joined anew while a unit is being committed. */
async function preparedWhileCommitting (world: Awaited<ReturnType<typeof groupWorld>>) {
  const committing = world.commitLater()
  await world.send(0)
  await until('a unit is being committed', () => committing.isAsked())
  return { committing, prepared: world.prepare() }
}

/** A worker in a group whose word is given by hand. */
async function groupWorld (t: TestContext) {
  const [log, state] = [createMemoryLog(), openMemoryState()]
  t.after(log.close)
  await log.createTopics([{ name: 'orders', partitions: 2 }])
  const producer = log.openProducer()
  t.after(producer.close)
  let options: GroupOptions | undefined
  let confirm = async (): Promise<boolean> => true
  let beforeTakeOver = async (): Promise<void> => {}
  let beforeUnit = async (): Promise<void> => {}
  let refused = 0
  const ran: number[] = []
  const takenOver: number[] = []
  const manual: Log = {
    ...log,
    async joinGroup (given) {
      options = given
      given.assigned([])
      return { memberId: () => 'this', confirm: async () => await confirm(), commit: async () => {}, leave: async () => {} }
    }
  }
  const worker = new Worker(memoryWorkerOptions({
    topology,
    log: manual,
    state: {
      ...state,
      async begin () {
        await beforeUnit()
        return await state.begin()
      },
      async takeOver (tasks) {
        await beforeTakeOver()
        takenOver.push(...tasks.map(({ partition }) => partition))
        return await state.takeOver(tasks)
      }
    },
    observers: [{ assigned () {}, committed ({ items }) { ran.push(...items.map(({ task }) => task.partition)) } }]
  }))
  t.after(worker.stop.bind(worker))
  await worker.start()
  const joined = (): GroupOptions => {
    ok(options !== undefined)
    return options
  }
  const later = (use: (gate: () => Promise<void>) => void): { readonly isAsked: () => boolean, readonly answer: () => void } => {
    const gate = Promise.withResolvers<void>()
    let isAsked = false
    use(async () => {
      isAsked = true
      await gate.promise
    })
    return { isAsked: () => isAsked, answer: gate.resolve }
  }
  const has = async (...partitions: number[]): Promise<void> => await until('these are its tasks', () => worker.tasks.map(({ partition }) => partition).join() === partitions.join())
  const assigned = (...partitions: number[]): void => joined().assigned(partitions.map(partition => ({ topic: 'orders', partition })))
  return {
    takenOver,
    ran,
    has,
    assigned,
    prepare: async () => await joined().prepare(),
    async assign (...partitions: number[]) {
      assigned(...partitions)
      await has(...partitions)
    },
    confirmLater: () => later(gate => {
      confirm = async () => {
        await gate()
        return true
      }
    }),
    confirmNever () {
      confirm = async () => {
        refused++
        return false
      }
    },
    refused: () => refused,
    send: async (partition: number) => await producer.send([{ topic: 'orders', partition, key: null, value: null, headers: [] }]),
    takenByOthers: async (partition: number) => await state.takeOver([{ subTopology: 'orders', partition, offsets: {} }]),
    commitLater: () => later(gate => { beforeUnit = gate }),
    takeOverLater: () => later(gate => { beforeTakeOver = gate })
  }
}
