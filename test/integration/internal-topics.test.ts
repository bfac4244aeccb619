import { deepEqual, equal, ok } from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { millrace } from '../helpers/millrace.ts'
import { startWorker, type WorkerProcess } from '../helpers/recommender.ts'
import { byItem } from '../helpers/repartitioning.ts'
import { freshApplicationId, freshTopics, integrationTest, withAdmin, type Services } from '../helpers/services.ts'
import { until } from '../helpers/until.ts'
import { openKafkaLog, openPostgres, readLag, type Database } from '../../streams/runtime.ts'
import type { Log } from '../../streams/index.ts'

const WORKER = fileURLToPath(new URL('../helpers/repartitioning-worker.ts', import.meta.url))
const PARTITIONS = 3
const ROUNDS = 1_000

interface World {
  readonly applicationId: string
  readonly internalTopic: string
  readonly log: Log
  readonly database: Database
  readonly start: (death?: { readonly after: number, readonly by: 'SIGKILL' | 'SIGSTOP' }) => WorkerProcess
  /** Writes the clicks bit by bit, one to each partition at a time. */
  readonly feed: (pauseMs?: number) => Promise<void>
  /** Resolves when everything is behind the positions, internal topics too. */
  readonly settled: (worker: WorkerProcess) => Promise<void>
  /** Items that were not counted exactly once, with how often they were. */
  readonly miscounted: () => Promise<string[]>
  /** Records that were ever written to the internal topic. */
  readonly written: () => Promise<number>
}

async function openWorld (t: TestContext, services: Services): Promise<World> {
  const topics = await freshTopics(t, services, ['in', 'out'], PARTITIONS)
  const applicationId = freshApplicationId(t, services)
  const internalTopic = `${applicationId}-${byItem.name}`
  const log = openKafkaLog({ brokers: services.kafka.split(','), clientId: 'millrace-tests' })
  const database = openPostgres({ url: services.postgres, applicationName: 'millrace-tests', maxConnections: 2 })
  t.after(async () => {
    await log.close()
    await database.close()
    await withAdmin(services.kafka, async admin => await admin.deleteTopics({ topics: [internalTopic] })).catch(() => {})
  })
  const environment = {
    KAFKA_BOOTSTRAP: services.kafka,
    REDIS_URL: services.redis,
    DATABASE_URL: services.postgres,
    KAFKA_WORKER_GROUP_ID: applicationId,
    KAFKA_WORKER_AUTO_OFFSET_RESET: 'earliest',
    CLICKS_IN: topics.in,
    CLICKS_OUT: topics.out,
    WORKER_METRICS_HOST: '127.0.0.1',
    WORKER_METRICS_PORT: '0',
    KAFKA_SESSION_TIMEOUT_MS: '2000',
    KAFKA_WORKER_MAX_POLL_RECORDS: '60',
    LOG_LEVEL: 'info'
  }
  return {
    applicationId,
    internalTopic,
    log,
    database,
    start: death => startWorker(t, { ...environment, ...(death === undefined ? {} : { DIE_AFTER: String(death.after), DIE_BY: death.by }) }, [WORKER]),
    async feed (pauseMs = 45) {
      const producer = log.openProducer()
      for (let from = 0; from < ROUNDS; from += 4) {
        await producer.send(Array.from({ length: 4 * PARTITIONS }, (_, index) => {
          const [partition, round] = [index % PARTITIONS, from + Math.floor(index / PARTITIONS)]
          return { topic: topics.in, partition, key: null, value: Buffer.from(JSON.stringify(`${partition}@${round}`)), headers: [] }
        }))
        await sleep(pauseMs)
      }
      await producer.close()
    },
    async settled (worker) {
      await until('everything is behind the positions', async () => {
        equal(worker.child.exitCode, null, worker.output())
        const { partitions, totals } = await readLag(applicationId, { log, database })
        const read = partitions.filter(({ topic }) => topic === topics.in || topic === internalTopic)
        return read.length === 2 * PARTITIONS && totals.lag === 0 && read.every(({ position, topic }) => position !== null && (topic !== topics.in || position >= ROUNDS))
      }, 90_000)
    },
    async miscounted () {
      const counts = new Map((await database.query({ text: `select item, count from "${applicationId}".tally` })).map(([item, count]) => [item, Number(count)]))
      const items = Array.from({ length: ROUNDS * PARTITIONS }, (_, index) => ['a', 'b'].map(half => `${index % PARTITIONS}@${Math.floor(index / PARTITIONS)}/${half}`)).flat()
      equal(counts.size, items.length)
      return items.filter(item => counts.get(item) !== 1).map(item => `${item} ${counts.get(item) ?? 0} times`)
    },
    written: async () => (await log.offsets(Array.from({ length: PARTITIONS }, (_, partition) => ({ topic: internalTopic, partition })), 'latest')).reduce((sum, { offset }) => sum + offset, 0)
  }
}

const COMMITTED = ROUNDS * PARTITIONS * 2

integrationTest('two workers that are killed between produce and commit leave each record of an internal topic counted once', async (t, services) => {
  const world = await openWorld(t, services)
  const survivor = world.start()
  await survivor.address()
  const fed = world.feed()

  for (const after of [3, 6]) {
    const dying = world.start({ after, by: 'SIGKILL' })
    await until('the worker is dead', () => dying.child.signalCode !== null)
  }
  const heir = world.start()
  await fed
  await world.settled(survivor)

  deepEqual(await world.miscounted(), [])
  ok(await world.written() > COMMITTED, 'no unit had been killed with records in the internal topic')
  deepEqual([await survivor.stop(), await heir.stop()], [0, 0])
})

integrationTest('records that a zombie has written to an internal topic are skipped', async (t, services) => {
  const world = await openWorld(t, services)
  const survivor = world.start()
  await survivor.address()
  const fed = world.feed()
  const zombie = world.start({ after: 4, by: 'SIGSTOP' })
  await fed
  await world.settled(survivor)
  zombie.child.kill('SIGCONT')
  await sleep(500)
  await world.settled(survivor)

  deepEqual(await world.miscounted(), [])
  ok(await world.written() > COMMITTED, 'the zombie stood still with nothing in the internal topic')
  deepEqual([await survivor.stop(), await zombie.stop()], [0, 0])
})

integrationTest('a reset deletes the internal topics that the application has made, and the next run counts everything anew', async (t, services) => {
  const world = await openWorld(t, services)
  const first = world.start()
  await first.address()
  await world.feed(0)
  await world.settled(first)
  equal(await first.stop(), 0)

  const done = await millrace(services, 'reset', '--application-id', world.applicationId, '--to-earliest', '--execute')

  equal(done.code, 0, done.stderr)
  ok(done.stdout.includes(world.internalTopic), done.stdout)
  await until('the internal topic is gone', async () => !(await world.log.partitionCounts([world.internalTopic])).has(world.internalTopic))
  const second = world.start()
  await second.address()
  await world.settled(second)
  deepEqual(await world.miscounted(), [])
  equal(await second.stop(), 0)
})
