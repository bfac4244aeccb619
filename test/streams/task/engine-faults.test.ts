import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { createRandom, type Random } from '../../../bin/sample-events.ts'
import { defineCounter, defineProcessor, defineTopic, defineTopology, type Log } from '../../../streams/index.ts'
import { createMemoryLog } from '../../../streams/log/memory.ts'
import { Pauses } from '../../../streams/pauses.ts'
import { openMemoryState } from '../../../streams/state/memory-state.ts'
import { StateError, type State } from '../../../streams/state/state.ts'
import { Worker, type WorkerOptions } from '../../../streams/worker/worker.ts'
import { Type } from 'typebox'
import { withFaults, type Faults } from '../../helpers/faulty-state.ts'
import { memoryWorkerOptions } from '../../helpers/memory-worker.ts'

const PARTITIONS = 3

const clicks = defineTopic({ name: 'clicks', partitions: PARTITIONS })
const tally = defineCounter({ name: 'tally', key: ['click'], count: 'count' })
const seen: string[] = []
const topology = defineTopology('clicks', ({ stream }) => {
  stream(clicks).peek(({ value }) => { seen.push(String(value)) }).process(defineProcessor({
    name: 'count-clicks',
    input: Type.Unknown(),
    stores: { tally },
    process ({ value }, { stores }) { stores.tally.add({ click: String(value) }, 1) }
  }))
})

interface Clicks {
  /** Appends one record to each partition, each of a kind of its own, and does not wait. */
  readonly send: (rounds: number) => Promise<void>
  /** Resolves when everything sent is behind the positions. */
  readonly counted: () => Promise<void>
  /** The unit in flight is closed too. */
  readonly stop: () => Promise<void>
  /** Records that were not counted exactly once, with how often they were. */
  readonly miscounted: () => string[]
}

function workerOptions (log: Log, state: State): WorkerOptions {
  return memoryWorkerOptions({ topology, log, state, maxUnitRecords: 6 })
}

async function openClicks (t: TestContext, faults: (state: State) => Faults, maxUnitRecords = 6): Promise<Clicks> {
  const log = createMemoryLog()
  await log.createTopics([{ name: 'clicks', partitions: PARTITIONS }])
  const state = openMemoryState()
  const worker = new Worker({ ...workerOptions(log, withFaults(state, faults(state))), maxUnitRecords })
  t.after(async () => {
    await worker.stop()
    await log.close()
  })
  await worker.start()
  const producer = log.openProducer()
  const tasks = Array.from({ length: PARTITIONS }, (_, partition) => ({ subTopology: topology.subTopologies[0]?.name ?? '', partition }))
  let sent = 0
  return {
    async send (rounds) {
      const records = Array.from({ length: rounds }, (_, round) => tasks.map(({ partition }) => (
        { topic: 'clicks', partition, key: null, value: Buffer.from(JSON.stringify(`${partition}@${sent + round}`)), headers: [] }
      ))).flat()
      await producer.send(records)
      sent += rounds
    },
    async counted () {
      const deadline = Date.now() + 20_000
      const left = async (): Promise<number> => (await state.positions(tasks)).reduce((sum, { offsets }) => sum - (offsets['clicks'] ?? 0), sent * PARTITIONS)
      while (await left() > 0) {
        assert.ok(Date.now() < deadline, `${await left()} records are left`)
        await new Promise(resolve => setTimeout(resolve, 5))
      }
    },
    stop: async () => await worker.stop(),
    miscounted () {
      const counts = new Map(state.table(tally).map(row => [row['click'], row['count']]))
      const all = tasks.flatMap(({ partition }) => Array.from({ length: sent }, (_, round) => `${partition}@${round}`))
      return all.filter(click => counts.get(click) !== 1).map(click => `${click} ${counts.get(click) ?? 0} times`)
    }
  }
}

/** Somebody else, for a moment, takes one of the tasks. */
async function steal (state: State, random: Random): Promise<void> {
  const subTopology = topology.subTopologies[0]?.name ?? ''
  await state.takeOver([{ subTopology, partition: random.below(PARTITIONS), offsets: {} }])
}

test('a unit whose commit happened without an answer leaves the records prepared behind it to be counted', async t => {
  const app = await openClicks(t, () => ({ commit: transaction => transaction === 1 ? 'happened' : 'answered' }))

  await app.send(20)
  await app.counted()

  assert.deepEqual(app.miscounted(), [])
})

test('a commit that never happened is made once more, and in order', async t => {
  const app = await openClicks(t, () => ({ commit: transaction => transaction % 3 === 1 ? 'not-happened' : 'answered' }))

  await app.send(10)
  await app.counted()

  assert.deepEqual(app.miscounted(), [])
})

test('a peek sees each record once, in order, however often its unit is run and whether or not its commit is answered', async t => {
  seen.length = 0
  const app = await openClicks(t, () => ({ commit: transaction => transaction % 4 === 1 ? 'not-happened' : transaction % 4 === 3 ? 'happened' : 'answered' }))

  await app.send(12)
  await app.counted()
  await app.stop()

  for (let partition = 0; partition < PARTITIONS; partition++) {
    assert.deepEqual(seen.filter(click => click.startsWith(`${partition}@`)), Array.from({ length: 12 }, (_, round) => `${partition}@${round}`))
  }
})

test('a worker that is stopped while it cannot take its tasks over does not go on trying', async () => {
  const log = createMemoryLog()
  await log.createTopics([{ name: 'clicks', partitions: PARTITIONS }])
  let tries = 0
  const state: State = {
    ...openMemoryState(),
    async takeOver () {
      tries++
      throw new StateError('outage', 'away', undefined)
    }
  }
  const pauses = new Pauses()
  const tried = Promise.withResolvers<void>()
  pauses.listen({ began: () => tried.resolve(), ended () {} })
  const worker = new Worker({ ...workerOptions(log, state), pauses })
  const started = worker.start()
  await tried.promise

  await worker.stop()
  await started
  const atStop = tries
  await new Promise(resolve => setTimeout(resolve, 600))

  assert.equal(tries, atStop)
  await log.close()
})

test('a worker that waited to take its tasks over says when it does not wait any more, records or not', async t => {
  const log = createMemoryLog()
  await log.createTopics([{ name: 'clicks', partitions: PARTITIONS }])
  const memory = openMemoryState()
  let tries = 0
  const state: State = {
    ...memory,
    async takeOver (starts) {
      if (++tries === 1) throw new StateError('outage', 'away', undefined)
      return await memory.takeOver(starts)
    }
  }
  const reasons: (string | undefined)[] = []
  const pauses = new Pauses()
  pauses.listen({ began: ({ kind, reason }) => reasons.push(`${kind}: ${reason}`), ended: () => reasons.push(undefined) })
  const worker = new Worker({ ...workerOptions(log, state), pauses })
  t.after(async () => {
    await worker.stop()
    await log.close()
  })

  await worker.start()

  assert.deepEqual(reasons, ['taking-over: away', undefined])
})

test('a worker that loses one task goes on with the records of its others that it had already taken', async t => {
  const app = await openClicks(t, state => ({
    async beforeClaim (transaction) { if (transaction === 1) await steal(state, createRandom(1)) }
  }))

  // All of it is in the first unit: nothing is prepared behind it that would bring the taken records back.
  await app.send(2)
  await new Promise(resolve => setTimeout(resolve, 50))
  await app.send(2)
  await app.counted()

  assert.deepEqual(app.miscounted(), [])
})

for (const seed of [1, 2, 3, 4, 5]) {
  test(`every record is counted once whatever becomes of commits and tasks (seed ${seed})`, async t => {
    const random = createRandom(seed)
    const app = await openClicks(t, state => ({
      async beforeClaim () { if (random.chance(0.1)) await steal(state, random) },
      commit: () => random.chance(0.85) ? 'answered' : random.pick(['happened', 'not-happened'] as const)
    }))

    for (let burst = 0; burst < 8; burst++) {
      await app.send(1 + random.below(12))
      await new Promise(resolve => setTimeout(resolve, random.below(60)))
    }
    await app.counted()

    assert.deepEqual(app.miscounted(), [])
  })
}

test('a worker that cannot go on leaves no transaction open behind it, also not that of the unit it had begun', async t => {
  const log = createMemoryLog()
  await log.createTopics([{ name: 'clicks', partitions: PARTITIONS }])
  const memory = openMemoryState()
  const open = new Set<number>()
  const second = Promise.withResolvers<void>()
  let transactions = 0
  const state: State = {
    ...memory,
    async begin () {
      const transaction = ++transactions
      const unit = await memory.begin()
      open.add(transaction)
      return {
        ...unit,
        async insert (rows) {
          const conflicts = await unit.insert(rows)
          if (transaction === 2) second.resolve()
          return conflicts
        },
        async write () {
          await second.promise
          await unit.rollback()
          open.delete(transaction)
          throw new StateError('fatal', 'no such table', undefined)
        },
        async rollback () {
          open.delete(transaction)
          await unit.rollback()
        }
      }
    }
  }
  const worker = new Worker({ ...workerOptions(log, state), maxUnitRecords: 3 })
  t.after(async () => await log.close())
  await worker.start()

  const records = Array.from({ length: 12 }, (_, index) => ({ topic: 'clicks', partition: index % PARTITIONS, key: null, value: Buffer.from(String(index)), headers: [] }))
  await log.openProducer().send(records)
  await assert.rejects(worker.done, /no such table/)
  await worker.stop()

  assert.deepEqual([transactions, [...open]], [2, []])
})
