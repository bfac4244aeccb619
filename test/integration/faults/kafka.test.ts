import { equal, match, ok } from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { freePort } from '../../../scripts/services/processes.ts'
import { openKafkaLog } from '../../../streams/runtime.ts'
import { faultRounds, type Round } from '../../helpers/fault-rounds.ts'
import type { FaultWorld } from '../../helpers/faults.ts'
import { runModel, type ModelRecord } from '../../helpers/model.ts'
import { openOwnKafka } from '../../helpers/own-kafka.ts'
import { createRandomLog, type RandomRecord } from '../../helpers/random-log.ts'
import { assertSameRows, caughtUp, deadLettersOf, modelSettings, readTopic, type WorkerProcess } from '../../helpers/recommender.ts'
import { configureTopics, withAdmin, type Services } from '../../helpers/services.ts'

faultRounds('kafka', {
  async 'a broker that is killed and comes back costs no record and repeats none' ({ t, services, openWorld }) {
    const own = await openOwnKafka(t)
    const world = await openWorld({ services: { ...services, kafka: own.bootstrap }, ownKafka: true, feedMs: 6_000 })
    const fed = world.feed()
    const worker = world.start()
    await world.underWay(worker)

    for (let round = 0; round < 2; round++) {
      await own.kill(1)
      await sleep(world.random.below(3_000))
      await own.restart(1)
      await sleep(500 + world.random.below(1_500))
    }
    await fed

    await world.assertAll(worker)
    equal(await worker.stop(), 0)
  },

  async 'of three brokers any one may be lost: others lead its partitions, and the work goes on without it' ({ t, services, openWorld }) {
    const own = await openOwnKafka(t, { brokers: 3 })
    const world = await openWorld({ services: { ...services, kafka: own.bootstrap }, ownKafka: true, feedMs: 5_000 })
    const fed = world.feed()
    const worker = world.start()
    await world.underWay(worker)

    const lost = world.random.pick(own.brokers)
    await own.kill(lost)
    await fed

    await world.assertAll(worker)
    await own.restart(lost)
    equal(await worker.stop(), 0)
  },

  async 'a group whose coordinator is lost goes on with another, and two workers count every record once' ({ t, services, openWorld }) {
    const own = await openOwnKafka(t, { brokers: 3 })
    const world = await openWorld({ services: { ...services, kafka: own.bootstrap }, ownKafka: true, feedMs: 8_000 })
    const fed = world.feed()
    const workers = [world.start(), world.start()] as const
    await world.underWay(workers[0])

    for (let round = 0; round < 2; round++) {
      const lost = await coordinatorOf(own.bootstrap, world.applicationId)
      await own.kill(lost)
      await sleep(1_000 + world.random.below(2_000))
      await own.restart(lost)
      await sleep(1_000)
    }
    await fed

    await world.assertAll(workers[0])
    for (const worker of workers) equal(await worker.stop(), 0)
  },

  async 'partitions that are added while a worker runs are read from their first record, whatever the policy for new ones' ({ services, seed, openWorld }) {
    const world = await openWorld({ events: 2_000, feedMs: 1_500 })
    const { topics: { impression, watch, event } } = world
    const worker = world.start({ KAFKA_WORKER_AUTO_OFFSET_RESET: 'latest' })
    await positioned(services, world, 12, worker)
    const fed = world.feed()
    await world.underWay(worker)

    await grow(services, [impression, watch, event], 8)
    await fed
    const later = laterRecords(world, { seed, partitions: 8 })
    await world.feed(later)

    await world.assertAll(worker, runModel([...world.records, ...later], modelSettings(world.topics)))
    equal(await worker.stop(), 0)
  },

  async 'while only some inputs of a task have grown the new partitions wait, the others go on, and a restart changes nothing' ({ services, seed, openWorld }) {
    const world = await openWorld({ events: 2_000, feedMs: 500 })
    const { topics: { impression, watch, event }, random } = world
    let worker = world.start()
    await positioned(services, world, 12, worker)
    await world.feed()
    const [first, second] = random.chance(0.5) ? [watch, event] : [event, watch]

    await grow(services, [first], 8)
    const later = laterRecords(world, { seed, partitions: 8 })
    const isEarly = ({ topic, partition }: RandomRecord): boolean => partition < 6 || topic === first
    await world.feed(later.filter(isEarly))
    await told(worker, /a task waits: partitions were added to its other inputs/)
    match(worker.output(), new RegExp(`"missing":\\["${second}"\\]`))
    await told(worker, /"pause":"partitions"/)
    await processed(services, world, later.filter(({ partition }) => partition < 6), worker)
    if (random.chance(0.5)) worker.child.kill('SIGKILL')
    else equal(await worker.stop(), 0)
    worker = world.start()
    await told(worker, /a task waits: partitions were added to its other inputs/)
    await grow(services, [second, impression], 8)
    await world.feed(later.filter(record => !isEarly(record)))

    await world.assertAll(worker, runModel([...world.records, ...later], modelSettings(world.topics)))
    equal(await worker.stop(), 0)
  },

  async 'where retention was faster than the worker it stops and says what is gone, and goes on when it is told how' (round) {
    const gone = await openRetentionWorld(round)

    const stopped = gone.world.start()
    equal(await ended(stopped), 1)
    match(stopped.output(), /retention deleted \d+ offsets that were not processed\. Choose: KAFKA_WORKER_OFFSET_OUT_OF_RANGE=earliest/)
    await gone.world.feed(gone.last)
    const port = await freePort()
    const worker = gone.world.start({ KAFKA_WORKER_OFFSET_OUT_OF_RANGE: 'earliest', WORKER_METRICS_PORT: String(port) })

    await gone.world.assertAll(worker, gone.expected)
    await gone.assertSkipped(worker, port)
    equal(await worker.stop(), 0)
  },

  async 'a worker told to go on from the end skips what retention deleted, counts it, and says which offsets' (round) {
    const gone = await openRetentionWorld(round)
    const port = await freePort()
    const worker = gone.world.start({ KAFKA_WORKER_OFFSET_OUT_OF_RANGE: 'latest', WORKER_METRICS_PORT: String(port) })
    await caughtUp(gone.services, gone.world.applicationId, gone.world.topics, worker)

    await gone.world.feed(gone.last)

    await gone.world.assertAll(worker, gone.expected)
    await gone.assertSkipped(worker, port)
    equal(await worker.stop(), 0)
  },

  async 'a dead-letter topic that is deleted is waited for, by name, and its records come when it is there again' ({ services, openWorld }) {
    const world = await openWorld({ events: 2_000, feedMs: 500 })
    const { topics: { dlq } } = world
    const worker = world.start()
    await positioned(services, world, 12, worker)

    await withAdmin(services.kafka, async admin => await admin.deleteTopics({ topics: [dlq] }))
    await world.feed()
    await told(worker, /waiting; nothing is skipped meanwhile/)
    match(worker.output(), new RegExp(`Topic ${dlq} does not exist: create it`))
    await withAdmin(services.kafka, async admin => await admin.createTopics({ topics: [dlq], partitions: 6, replicas: -1 }))

    await world.assertAll(worker)
    equal(await worker.stop(), 0)
  },

  async 'a dead-letter topic that takes nothing, for want of replicas, is waited for, and gets each letter once' ({ t, services, openWorld }) {
    const own = await openOwnKafka(t, { brokers: 3 })
    const ownServices = { ...services, kafka: own.bootstrap }
    const world = await openWorld({ services: ownServices, ownKafka: true, events: 2_000, feedMs: 500 })
    const { topics: { dlq }, random } = world
    await configureTopics(ownServices, [dlq], { 'min.insync.replicas': '3' })
    const worker = world.start()
    await positioned(ownServices, world, 12, worker)

    const lost = random.pick(own.brokers)
    await own.kill(lost)
    await world.feed()
    await told(worker, /waiting; nothing is skipped meanwhile/)
    await told(worker, /NOT_ENOUGH_REPLICAS/)
    await own.restart(lost)

    await world.assertAll(worker)
    await assertLettersOnce(ownServices, world)
    equal(await worker.stop(), 0)
  },

  async 'a dead letter too large for its topic is cut, says so, and is there once' ({ services, openWorld }) {
    const world = await openWorld({ events: 2_000, feedMs: 500 })
    const { topics: { dlq, watch } } = world
    await configureTopics(services, [dlq], { 'max.message.bytes': '9000' })
    const large = behind(world.records, [20_000, 200_000, 900_000].map((size, partition): RandomRecord => (
      { kind: 'large', topic: watch, partition, offset: 0, timestamp: 1_750_000_000_000, key: null, value: Buffer.from(`{"large":"${'\u0001"'.repeat(size / 2)}"}`) }
    )))
    const worker = world.start()
    await world.feed(world.records.slice(0, 1_000))
    await world.feed([...large, ...world.records.slice(1_000)].sort((a, b) => a.offset - b.offset))
    const expected = runModel([...world.records, ...large], modelSettings(world.topics))

    await world.assertAll(worker, expected)

    await assertLettersOnce(services, world, expected)
    const letters = (await readTopic(services, dlq)).map(({ value }) => JSON.parse(String(value)))
    for (const { partition, offset } of large) {
      const letter = letters.find(each => each.source_topic === watch && each.source_partition === partition && each.source_offset === offset)
      ok(letter.payload_truncated === true && letter.payload.startsWith('{"large":"'), 'it says that it was cut, and keeps a part')
    }
    equal(await worker.stop(), 0)
  }
})

async function coordinatorOf (kafka: string, group: string): Promise<number> {
  return await withAdmin(kafka, async admin => {
    const [found] = await admin.findCoordinator({ keyType: 0, keys: [group] })
    if (found === undefined) throw new Error(`Group ${group} has no coordinator.`)
    return found.nodeId
  })
}

/** Adds partitions, and waits until everybody can see them. */
async function grow (services: Services, topics: readonly string[], partitions: number): Promise<void> {
  await withAdmin(services.kafka, async admin => await admin.createPartitions({ topics: topics.map(name => ({ name, count: partitions })) }))
  const log = openKafkaLog({ brokers: services.kafka.split(','), clientId: 'millrace-tests' })
  try {
    while ([...(await log.partitionCounts(topics)).values()].some(count => count < partitions)) await sleep(20)
  } finally {
    await log.close()
  }
}

/** A second log behind the world's own, of other users, over more partitions. */
function laterRecords ({ records, topics }: FaultWorld, { seed, partitions }: { readonly seed: number, readonly partitions: number }): RandomRecord[] {
  const later = createRandomLog({ seed: seed + 1_000_000, events: 2_000, partitions, settings: modelSettings(topics), firstUser: 10_000 })
  return behind(records, later)
}

/** The second list with the offsets that it gets when it is written behind the first. */
function behind (first: readonly ModelRecord[], second: readonly RandomRecord[]): RandomRecord[] {
  const counts = new Map<string, number>()
  for (const { topic, partition } of first) counts.set(`${topic}/${partition}`, (counts.get(`${topic}/${partition}`) ?? 0) + 1)
  return second.map(record => ({ ...record, offset: record.offset + (counts.get(`${record.topic}/${record.partition}`) ?? 0) }))
}

/** Waits until the worker has said something. */
async function told (worker: WorkerProcess, what: RegExp, timeoutMs = 60_000): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!what.test(worker.output())) {
    equal(worker.child.exitCode, null, `the worker ended before it said ${what}:\n${worker.output()}`)
    ok(Date.now() < deadline, `the worker did not say ${what}:\n${worker.output()}`)
    await sleep(50)
  }
}

async function ended ({ child, output }: WorkerProcess, timeoutMs = 60_000): Promise<number | null> {
  const deadline = Date.now() + timeoutMs
  while (child.exitCode === null) {
    ok(Date.now() < deadline, `the worker did not end:\n${output()}`)
    await sleep(50)
  }
  return child.exitCode
}

type Positions = ReadonlyMap<string, number>

async function positionsOf ({ postgres }: Services, { applicationId }: FaultWorld): Promise<Positions> {
  const client = new Client({ connectionString: postgres })
  await client.connect()
  try {
    const { rows } = await client.query<{ partition: number, offsets: Record<string, number> }>(`select partition, offsets from "${applicationId}".millrace_tasks`)
    return new Map(rows.flatMap(({ partition, offsets }) => Object.entries(offsets).map(([topic, offset]) => [`${topic}/${partition}`, offset] as const)))
  } catch {
    return new Map()
  } finally {
    await client.end()
  }
}

/** Waits until so many tasks have been taken over. */
async function positioned (services: Services, world: FaultWorld, tasks: number, worker: WorkerProcess): Promise<void> {
  const partitionsPerTask = new Map([[world.topics.watch, 0.5], [world.topics.event, 0.5], [world.topics.impression, 1]])
  const taken = async (): Promise<number> => [...(await positionsOf(services, world)).keys()].reduce((sum, name) => sum + (partitionsPerTask.get(name.slice(0, name.lastIndexOf('/'))) ?? 0), 0)
  while (await taken() < tasks) {
    equal(worker.child.exitCode, null, `the worker ended:\n${worker.output()}`)
    await sleep(50)
  }
}

/** Waits until these records, not all that there are, are behind the positions. */
async function processed (services: Services, world: FaultWorld, records: readonly ModelRecord[], worker: WorkerProcess): Promise<void> {
  const deadline = Date.now() + 60_000
  for (;;) {
    const positions = await positionsOf(services, world)
    const left = records.filter(({ topic, partition, offset }) => (positions.get(`${topic}/${partition}`) ?? 0) <= offset)
    if (left.length === 0) return
    ok(Date.now() < deadline, `${left.length} records are not processed:\n${worker.output()}`)
    await sleep(100)
  }
}

interface RetentionWorld {
  readonly world: FaultWorld
  readonly services: Services
  /** Records that are not in the log yet. */
  readonly last: readonly RandomRecord[]
  /** What must stand when the deleted ones are left out. */
  readonly expected: ReturnType<typeof runModel>
  readonly assertSkipped: (worker: WorkerProcess, metricsPort: number) => Promise<void>
}

/** A worker did its part and was stopped; meanwhile more records came, and retention deleted them all. */
async function openRetentionWorld ({ t, services, openWorld }: Round): Promise<RetentionWorld> {
  const own = await openOwnKafka(t, { settings: { 'log.retention.check.interval.ms': 300, 'log.initial.task.delay.ms': 300 } })
  const ownServices = { ...services, kafka: own.bootstrap }
  const world = await openWorld({ services: ownServices, ownKafka: true, events: 3_000, feedMs: 500 })
  const { topics: { impression, watch, event }, records, random } = world
  const inputs = [impression, watch, event]
  const cut = 800 + random.below(400)
  const [first, deleted, last] = [records.slice(0, cut), records.slice(cut, cut + 800), records.slice(cut + 800)]
  const before = world.start()
  await world.feed(first)
  await caughtUp(ownServices, world.applicationId, world.topics, before)
  equal(await before.stop(), 0)

  await world.feed(deleted)
  await configureTopics(ownServices, inputs, { 'retention.ms': '3600000' })
  const log = openKafkaLog({ brokers: [own.bootstrap], clientId: 'millrace-tests' })
  const partitions = inputs.flatMap(topic => Array.from({ length: 6 }, (_, partition) => ({ topic, partition })))
  while (JSON.stringify(await log.offsets(partitions, 'earliest')) !== JSON.stringify(await log.offsets(partitions, 'latest'))) await sleep(100)
  await log.close()
  await configureTopics(ownServices, inputs, { 'retention.ms': '-1' })

  const expectedSkips = Map.groupBy(deleted, ({ topic, partition }) => `${topic}/${partition}`)
  return {
    world,
    services: ownServices,
    last,
    expected: runModel([...first, ...last], modelSettings(world.topics)),
    async assertSkipped (worker, metricsPort) {
      const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()
      const lines = worker.output().split('\n').filter(line => line.includes('these offsets are skipped')).map(line => JSON.parse(line))
      for (const [name, lost] of expectedSkips) {
        const [{ topic, partition, offset } = { topic: '', partition: -1, offset: -1 }] = lost
        match(metrics, new RegExp(`^millrace_skipped_offsets_total\\{topic="${topic}",partition="${partition}"\\} ${lost.length}$`, 'm'), name)
        const said = lines.filter(line => line.topic === topic && line.partition === partition)
        assertSameRows(said.map(({ from, to }) => ({ from, to })), [{ from: offset, to: offset + lost.length }], name)
      }
    }
  }
}

/** No worker died, so no letter may be there twice. */
async function assertLettersOnce (services: Services, { topics: { dlq }, ...world }: FaultWorld, expected = world.expected): Promise<void> {
  assertSameRows(deadLettersOf(await readTopic(services, dlq)), expected.dead_letters, 'dead letters')
}
