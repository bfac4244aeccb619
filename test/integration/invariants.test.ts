import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { TestContext } from 'node:test'
import { openKafkaLog, openPostgres } from '../../streams/runtime.ts'
import { openFaultWorld, type FaultWorld, type FaultWorldOptions } from '../helpers/faults.ts'
import { millrace } from '../helpers/millrace.ts'
import { openNetwork, through } from '../helpers/network.ts'
import { withRedis } from '../helpers/projection.ts'
import { assertTables, caughtUp, readTables, readTopic } from '../helpers/recommender.ts'
import { integrationTest, withAdmin, type Services } from '../helpers/services.ts'
import { until } from '../helpers/until.ts'
import { withPostgres } from '../helpers/with-postgres.ts'
import { setTimeout as sleep } from 'node:timers/promises'

// The ten promises that everything else rests on, each seen in its plainest form on real services. What breaks them harder
// is in faults/; how each is kept, in ARCHITECTURE.md.

invariant('Counted once. Every source record changes the state in Postgres exactly once, whatever crashes.', async world => {
  const fed = world.feed()
  for (const at of ['inserted', 'claimed', 'produced', 'written'] as const) {
    await once(world.startDying({ at, after: 3, by: 'SIGKILL' }).child, 'exit')
  }
  const worker = world.start()
  await fed

  await world.finish(worker)
}, { feedMs: 20_000 })

invariant('Postgres is the truth about progress. A task starts from its position there; the group offset only follows it.', async (world, { services }) => {
  const { applicationId, records, topics } = world
  const first = world.start()
  await world.feed()
  await caughtUp(services, applicationId, topics, first)
  equal(await first.stop(), 0)
  const log = openKafkaLog({ brokers: [services.kafka], clientId: 'millrace-tests' })
  const members = await log.groupMembers(applicationId)
  await log.evictMembers(applicationId, members.map(({ memberId }) => memberId))
  await log.setGroupOffsets(applicationId, [...new Set(records.map(({ topic }) => topic))].flatMap(topic => Array.from({ length: 6 }, (_, partition) => ({ topic, partition, offset: partition }))))
  await log.close()

  const second = world.start()
  await second.address()

  await world.finish(second)
})

invariant('Redis is a projection. It can be deleted at any moment: nothing is decided from it, and it is built anew.', async (world, { services }) => {
  const fed = world.feed()
  const worker = world.start()
  await world.underWay(worker)

  for (let time = 0; time < 5; time++) {
    await withRedis(services, async redis => {
      for await (const keys of redis.scanStream({ match: `{${world.applicationId}:*`, count: 10_000 })) if (keys.length > 0) await redis.unlink(keys)
    })
    await sleep(world.random.below(500))
  }
  await fed

  await world.finish(worker)
})

invariant('Bad data never stops a partition; a broken dependency never becomes bad data.', async (world, { t, services }) => {
  const network = await openNetwork(t, Number(new URL(services.postgres).port))
  const fed = world.feed()
  const worker = world.start({ DATABASE_URL: through(network, services.postgres) })
  await world.underWay(worker)

  network.refuse()
  await sleep(2_000)
  network.mend()
  await fed

  ok(world.expected.dead_letters.length > 0, 'there is bad data')
  await world.finish(worker)
})

invariant('Nothing is dropped silently. Dead letters are acknowledged before the position moves on, and what a topology drops is counted.', async (world, { services }) => {
  const { applicationId, topics, records, expected } = world
  const worker = world.start()
  const address = await worker.address()
  await withAdmin(services.kafka, async admin => { await admin.deleteTopics({ topics: [topics.dlq] }) })
  await world.feed()
  await until('the worker waits for its dead-letter topic', () => /dlq does not exist/.test(worker.output()))
  const positions = await withPostgres(services, async client => (await client.query<{ partition: number, offsets: Record<string, number> }>(`select partition, offsets from "${applicationId}".millrace_tasks`)).rows)
  const isPassed = ({ source_topic: topic, source_partition: partition, source_offset: offset }: typeof expected.dead_letters[number]): boolean =>
    positions.some(position => position.partition === partition && (position.offsets[topic] ?? 0) > offset)
  deepEqual(expected.dead_letters.filter(isPassed), [], 'no position is behind a record that is not in the dead letters')

  await withAdmin(services.kafka, async admin => { await admin.createTopics({ topics: [topics.dlq], partitions: 1, replicas: 1 }) })
  await caughtUp(services, applicationId, topics, worker)

  const metrics = await (await fetch(`${address}/metrics`)).text()
  const dropped = [...metrics.matchAll(/^millrace_dropped_records_total\{.*reason="duplicate".*\} (\d+)$/gm)].reduce((sum, [, count]) => sum + Number(count), 0)
  // A duplicate impression is not dropped: its rows are there.
  equal(dropped, records.filter(({ kind, topic }) => kind === 'duplicate' && topic !== topics.impression).length)
  await world.finish(worker)
}, { feedMs: 0 })

invariant('Order. Records of a partition are processed in offset order; of a task, the lowest timestamp at hand first.', async world => {
  await world.feed()
  const worker = world.start()

  // Histories and links say in which order a user's watches and events came, and these users have both.
  await world.finish(worker)
}, { feedMs: 0, mixedUsers: true })

invariant('Determinism. The same records give the same state and the same outputs.', async (world, { t, services }) => {
  await world.feed()
  const worker = world.start({ KAFKA_WORKER_MAX_POLL_RECORDS: '7' })
  await world.finish(worker)
  const again = await openFaultWorld(t, services, { seed: SEED, events: EVENTS, feedMs: 0, measured () {} })
  await again.feed()
  const other = again.start({ KAFKA_WORKER_MAX_POLL_RECORDS: '2000' })
  await again.finish(other)

  deepEqual(await lettersOf(again), await lettersOf(world))
}, { feedMs: 0 })

invariant('An application id owns everything it made, and nothing else. A reset leaves another id as it is.', async (world, { t, services }) => {
  const other = await openFaultWorld(t, services, { seed: SEED, events: EVENTS, feedMs: 0, measured () {} })
  for (const each of [world, other]) {
    await each.feed()
    const worker = each.start()
    await each.finish(worker)
  }

  const { code, stderr } = await millrace(services, 'reset', '--application-id', world.applicationId, '--execute', '--force')

  equal(code, 0, stderr)
  deepEqual(await readTables(services, world.applicationId).then(({ watches }) => watches, () => []), [])
  assertTables(await readTables(services, other.applicationId), other.expected)
  const worker = other.start()
  await other.finish(worker)
}, { feedMs: 0 })

invariant('The read API cannot write.', async (world, { t, services }) => {
  const worker = world.start()
  await world.feed()
  await world.finish(worker)
  const database = openPostgres({ url: services.postgres, applicationName: 'millrace-tests', maxConnections: 1, readOnly: true })
  t.after(async () => await database.close())

  // What bin/api.ts opens; role, Redis user and routes are in api.test.ts.
  await rejects(database.query({ text: `update "${world.applicationId}".item_popularity set score = 0` }), { code: '25006' })

  assertTables(await readTables(services, world.applicationId), world.expected)
}, { feedMs: 0 })

invariant('Bounded. A backlog stays in Kafka while its records cannot be processed.', async (world, { t, services }) => {
  const network = await openNetwork(t, Number(new URL(services.postgres).port))
  await world.feed()
  const worker = world.start({ DATABASE_URL: through(network, services.postgres), NODE_OPTIONS: '--max-old-space-size=256' })
  await world.underWay(worker)

  network.hold()
  await sleep(5_000)
  const peakKb = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${worker.child.pid}/status`, 'utf8'))?.[1]
  network.mend()

  ok(Number(peakKb) < 512 * 1024, `the worker had ${peakKb} kB`)
  await world.finish(worker)
}, { feedMs: 0, events: 30_000 })

interface Given {
  readonly t: TestContext
  readonly services: Services
}

const SEED = 10
const EVENTS = 4_000

function invariant (sentence: string, run: (world: FaultWorld, given: Given) => Promise<void>, options: FaultWorldOptions = {}): void {
  integrationTest(sentence, async (t, services) => {
    await run(await openFaultWorld(t, services, { seed: SEED, events: EVENTS, measured () {}, ...options }), { t, services })
  })
}

/** By source, and without what differs from run to run: names of topics, and when it failed. */
async function lettersOf ({ services, topics }: FaultWorld): Promise<readonly string[]> {
  const names = Object.fromEntries(Object.entries(topics).map(([name, topic]) => [topic, name]))
  return (await readTopic(services, topics.dlq)).map(({ key, value }) => {
    const { source_topic: topic, failed_at_ms: _, ...rest } = JSON.parse(String(value))
    return JSON.stringify([names[topic], String(key), rest])
  }).sort()
}
