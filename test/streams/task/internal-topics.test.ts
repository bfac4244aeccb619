import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { createRandom, type Random } from '../../../bin/sample-events.ts'
import { defineTopic, defineTopology, LogError, type Log, type LogRecord, type OutgoingRecord } from '../../../streams/index.ts'
import { createMemoryLog } from '../../../streams/log/memory.ts'
import { openMemoryState, type MemoryState } from '../../../streams/state/memory-state.ts'
import { StateError, type State } from '../../../streams/state/state.ts'
import { UnitGate } from '../../../streams/task/unit-gate.ts'
import { UnitLedger } from '../../../streams/task/unit-ledger.ts'
import { Worker } from '../../../streams/worker/worker.ts'
import { withFaults, type Faults } from '../../helpers/faulty-state.ts'
import { memoryWorkerOptions } from '../../helpers/memory-worker.ts'
import { byItem, countItems, tally } from '../../helpers/repartitioning.ts'

const PARTITIONS = 3
const APPLICATION_ID = 'test'
const INTERNAL = `${APPLICATION_ID}-${byItem.name}`

const clicks = defineTopic({ name: 'clicks', partitions: PARTITIONS })
const counted = defineTopic({ name: 'counted', partitions: 1 })

const fail = { on: undefined as string | undefined }
const seenHeaders: string[] = []

const counting = defineTopology('counting', builder => countItems(builder, {
  clicks,
  counted,
  onItem ({ headers, value }) {
    for (const [name] of headers) seenHeaders.push(name)
    if (value === fail.on) throw new Error('cannot count this')
  }
}))

interface World {
  readonly log: Log
  readonly state: MemoryState
  readonly worker: Worker
  /** Appends so many records to each partition, and does not wait. */
  readonly send: (rounds: number) => Promise<void>
  /** Resolves when everything sent, and what came of it, is behind the positions. */
  readonly settled: () => Promise<void>
  /** Items that were not counted exactly once, with how often they were. */
  readonly miscounted: () => string[]
  readonly read: (topic: string) => Promise<LogRecord[]>
  /** Each item once. */
  readonly items: () => string[]
  /** What a process that knows nothing yet takes of the internal topic, in the end. */
  readonly taken: () => Promise<string[]>
}

interface WorldOptions {
  readonly faults?: (state: State) => Faults
  /** Before the log takes a call's records, and with what it has acknowledged by then. */
  readonly sending?: (records: readonly OutgoingRecord[]) => 'sent' | 'refused' | 'unanswered'
  readonly maxUnitRecords?: number
  readonly purgeEveryMs?: number
  /** False: writing down that an attempt came to nothing fails each time, so that the unit's commit has to. */
  readonly abortsAreWritten?: boolean
}

async function openWorld (t: TestContext, { faults = () => ({}), sending = () => 'sent', maxUnitRecords = 6, abortsAreWritten = true, purgeEveryMs = 60_000 }: WorldOptions = {}): Promise<World> {
  const log = createMemoryLog()
  await log.createTopics([{ name: 'clicks', partitions: PARTITIONS }, { name: 'counted', partitions: 1 }])
  const state = openMemoryState()
  const troubled = withFaults(state, faults(state))
  const withoutWord: State = { ...troubled, async abort () { throw new StateError('outage', 'away', undefined) } }
  const worker = startWorker(stumbling(log, sending), abortsAreWritten ? troubled : withoutWord, { maxUnitRecords, purgeEveryMs })
  t.after(async () => {
    await worker.stop()
    await log.close()
  })
  await worker.start()
  const producer = log.openProducer()
  let sent = 0
  const items = (): string[] => Array.from({ length: PARTITIONS }, (_, partition) => Array.from({ length: sent }, (_, round) => [`${partition}@${round}/a`, `${partition}@${round}/b`])).flat(2)
  const left = async (): Promise<number> => {
    const topics = [clicks.name, INTERNAL]
    const partitions = topics.flatMap(topic => Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition })))
    const ends = await log.offsets(partitions, 'latest')
    const positions = await state.positions(counting.subTopologies.flatMap(({ name: subTopology }) => Array.from({ length: PARTITIONS }, (_, partition) => ({ subTopology, partition }))))
    return ends.reduce((sum, { topic, partition, offset }) => sum + offset - (positions.find(each => each.partition === partition && each.offsets[topic] !== undefined)?.offsets[topic] ?? 0), 0)
  }
  return {
    log,
    state,
    worker,
    async send (rounds) {
      await producer.send(Array.from({ length: rounds }, (_, round) => Array.from({ length: PARTITIONS }, (_, partition) => (
        { topic: 'clicks', partition, key: null, value: Buffer.from(JSON.stringify(`${partition}@${sent + round}`)), headers: [['of', Buffer.from('user')]] as const }
      ))).flat())
      sent += rounds
    },
    async settled () {
      const deadline = Date.now() + 20_000
      while (await left() > 0) {
        assert.ok(Date.now() < deadline, `${await left()} records are left`)
        await Promise.race([worker.done, new Promise(resolve => setTimeout(resolve, 5))])
      }
    },
    miscounted () {
      const counts = new Map(state.table(tally).map(row => [row['item'], row['count']]))
      return items().filter(item => counts.get(item) !== 1).map(item => `${item} ${counts.get(item) ?? 0} times`)
    },
    read: async topic => await readAll(log, topic),
    async taken () {
      let learned = Promise.withResolvers<void>()
      const ledger = new UnitLedger({
        state,
        learned () {
          learned.resolve()
          learned = Promise.withResolvers<void>()
        }
      })
      const gate = new UnitGate(ledger, Date.now)
      const values: string[] = []
      for (const record of await readAll(log, INTERNAL)) {
        let verdict = gate.judge(record)
        for (; verdict === 'wait'; verdict = gate.judge(record)) await learned.promise
        if (verdict === 'take') values.push(JSON.parse(String(record.value)))
      }
      await ledger.close()
      return values.sort()
    },
    items: () => items().sort()
  }
}

function startWorker (log: Log, state: State, { maxUnitRecords, purgeEveryMs }: { readonly maxUnitRecords: number, readonly purgeEveryMs: number }): Worker {
  return new Worker(memoryWorkerOptions({ topology: counting, log, state, offsetReset: 'latest', maxUnitRecords, purgeEveryMs }))
}

function stumbling (log: Log, sending: (records: readonly OutgoingRecord[]) => 'sent' | 'refused' | 'unanswered'): Log {
  return {
    ...log,
    openProducer () {
      const producer = log.openProducer()
      return {
        ...producer,
        async send (records) {
          const fate = sending(records)
          if (fate !== 'refused') await producer.send(records)
          if (fate !== 'sent') throw new LogError('outage', 'no answer')
        }
      }
    }
  }
}

async function readAll (log: Log, topic: string): Promise<LogRecord[]> {
  const count = (await log.partitionCounts([topic])).get(topic) ?? 0
  const found: LogRecord[] = []
  const wanted = new Map(Array.from({ length: count }, (_, partition) => [partition, { topic, partition, offset: 0, epoch: 1 }]))
  const ended = new Set<number>()
  const done = Promise.withResolvers<void>()
  const reader = log.openReader({
    wanted: () => [...wanted.values()],
    deliver ({ partition, records, nextOffset, endOffset }) {
      found.push(...records)
      wanted.set(partition, { topic, partition, offset: nextOffset, epoch: 1 })
      if (nextOffset === endOffset) ended.add(partition)
      if (ended.size === count) done.resolve()
    },
    failed: (_, error) => done.reject(error)
  })
  await done.promise
  await reader.close()
  return found
}

/** Somebody else, for a moment, takes one of the tasks. */
async function steal (state: State, random: Random): Promise<void> {
  const subTopology = random.pick(counting.subTopologies).name
  await state.takeOver([{ subTopology, partition: random.below(PARTITIONS), offsets: {}, writesInternal: true }])
}

test('records that go through an internal topic are counted once, in the embedded worker', async t => {
  const app = await openWorld(t)

  await app.send(20)
  await app.settled()

  assert.deepEqual(app.miscounted(), [])
  assert.equal((await app.read('counted')).length, 20 * PARTITIONS * 2)
})

test('an internal topic bears the application id, is made with as many partitions as its largest input, and begins at its first record', async t => {
  const app = await openWorld(t)

  assert.deepEqual(await app.log.partitionCounts(['test-by-item-repartition', 'by-item-repartition']), new Map([['test-by-item-repartition', PARTITIONS]]))
  assert.deepEqual((await app.state.positions([{ subTopology: byItem.name, partition: 0 }])).map(({ offsets }) => offsets), [{ 'test-by-item-repartition': 0 }])
})

test('what was read of an internal topic is deleted while the worker runs', async t => {
  const app = await openWorld(t, { purgeEveryMs: 5 })
  await app.send(4)
  await app.settled()
  const partitions = Array.from({ length: PARTITIONS }, (_, partition) => ({ topic: INTERNAL, partition }))
  const sum = async (at: 'earliest' | 'latest') => (await app.log.offsets(partitions, at)).reduce((total, { offset }) => total + offset, 0)

  const deadline = Date.now() + 10_000
  while (await sum('earliest') < await sum('latest')) {
    assert.ok(Date.now() < deadline, 'it is still there')
    await new Promise(resolve => setTimeout(resolve, 5))
  }

  assert.equal(await sum('latest'), 4 * PARTITIONS * 2)
})

test('what the engine writes into headers of internal records is not shown to processors, and users\' own headers are', async t => {
  seenHeaders.length = 0
  const app = await openWorld(t)

  await app.send(1)
  await app.settled()

  assert.deepEqual([...new Set(seenHeaders)], ['of'])
})

for (const fate of ['refused', 'unanswered'] as const) {
  test(`a unit whose produce was ${fate} is counted once, and what it left in internal topics is skipped`, async t => {
    let sends = 0
    const app = await openWorld(t, { sending: () => ++sends % 3 === 1 ? fate : 'sent' })

    await app.send(10)
    await app.settled()

    assert.deepEqual(app.miscounted(), [])
    assert.deepEqual(await app.taken(), app.items())
  })
}

test('sink records behind an internal topic name the same source however often the units before were run', async t => {
  const sourcesOf = (records: readonly LogRecord[]): string[] => records.map(({ headers }) => headers.findLast(([name]) => name === 'millrace-source')?.[1]?.toString() ?? '').sort()
  const quiet = await openWorld(t)
  let sends = 0
  const troubled = await openWorld(t, { sending: () => ++sends % 4 === 1 ? 'unanswered' : 'sent' })

  for (const app of [quiet, troubled]) {
    await app.send(5)
    await app.settled()
  }

  const expected = sourcesOf(await quiet.read('counted'))
  assert.equal(new Set(expected).size, 5 * PARTITIONS * 2)
  assert.deepEqual([...new Set(sourcesOf(await troubled.read('counted')))], expected)
  assert.ok(expected.every(source => /^test\/clicks\/\d\/clicks-\d@\d#[01]\/by-item-repartition\/\d#0$/.test(source)), expected[0])
})

for (const seed of [1, 2, 3, 4, 5, 6]) {
  test(`records are counted once through an internal topic whatever becomes of commits, tasks and produces (seed ${seed})`, async t => {
    const random = createRandom(seed)
    const app = await openWorld(t, {
      abortsAreWritten: seed % 2 === 0,
      purgeEveryMs: seed % 3 === 0 ? 5 : 60_000,
      faults: state => ({
        async beforeClaim () { if (random.chance(0.1)) await steal(state, random) },
        commit: () => random.chance(0.8) ? 'answered' : random.pick(['happened', 'not-happened'] as const)
      }),
      sending: () => random.chance(0.85) ? 'sent' : random.pick(['refused', 'unanswered'] as const)
    })

    for (let burst = 0; burst < 6; burst++) {
      await app.send(1 + random.below(12))
      await new Promise(resolve => setTimeout(resolve, random.below(60)))
    }
    await app.settled()

    assert.deepEqual(app.miscounted(), [])
    // What was purged nobody reads again.
    if (seed % 3 !== 0) assert.deepEqual(await app.taken(), app.items())
  })
}
