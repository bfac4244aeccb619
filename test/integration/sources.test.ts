import { deepEqual, equal, match, ok } from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openKafkaLog, openPostgres, openPostgresSource, openStoreQueries } from '../../streams/runtime.ts'
import { countedSources } from '../helpers/counted-sources.ts'
import { millrace } from '../helpers/millrace.ts'
import { startWorker, type WorkerProcess } from '../helpers/recommender.ts'
import { freshApplicationId, integrationTest, uniqueName, withAdmin, type Services } from '../helpers/services.ts'
import { until } from '../helpers/until.ts'

const WORKER = fileURLToPath(new URL('../helpers/counted-sources-worker.ts', import.meta.url))

interface World {
  readonly applicationId: string
  readonly make: (topic: string, partitions: number) => Promise<void>
  readonly start: (environment: Readonly<Record<string, string>>) => WorkerProcess
  /** Keys from one number to another, one record each. */
  readonly feed: (topic: string, from: number, to: number) => Promise<void>
  /** Resolves when so many keys are counted; each of them once. */
  readonly counted: (worker: WorkerProcess, keys: number) => Promise<void>
}

function openWorld (t: TestContext, services: Services): World {
  const applicationId = freshApplicationId(t, services)
  const log = openKafkaLog({ brokers: services.kafka.split(','), clientId: 'millrace-tests' })
  const database = openPostgres({ url: services.postgres, applicationName: 'millrace-tests', maxConnections: 2 })
  const queries = openStoreQueries({ topology: countedSources, applicationId, source: openPostgresSource({ database, applicationId }) })
  const made: string[] = []
  t.after(async () => {
    await withAdmin(services.kafka, async admin => await admin.deleteTopics({ topics: made }))
    await log.close()
    await database.close()
  })
  const counts = async (): Promise<unknown[]> => {
    const values: unknown[] = []
    for (let cursor: string | undefined, isFirst = true; isFirst || cursor !== undefined; isFirst = false) {
      const page = await queries.store('order_counts').range({ cursor, limit: 1_000 })
      values.push(...page.entries.map(({ value }) => value))
      cursor = page.cursor
    }
    return values
  }
  return {
    applicationId,
    async make (topic, partitions) {
      await log.createTopics([{ name: topic, partitions }])
      made.push(topic)
    },
    start: environment => startWorker(t, {
      KAFKA_BOOTSTRAP: services.kafka,
      REDIS_URL: services.redis,
      DATABASE_URL: services.postgres,
      KAFKA_WORKER_GROUP_ID: applicationId,
      KAFKA_WORKER_AUTO_OFFSET_RESET: 'latest',
      WORKER_METRICS_HOST: '127.0.0.1',
      WORKER_METRICS_PORT: '0',
      KAFKA_SESSION_TIMEOUT_MS: '2000',
      KAFKA_WORKER_MAX_POLL_RECORDS: '40',
      LOG_LEVEL: 'info',
      ...environment
    }, [WORKER]),
    async feed (topic, from, to) {
      const producer = log.openProducer()
      await producer.send(Array.from({ length: to - from }, (_, index) => ({ topic, key: Buffer.from(`key ${from + index}`), value: Buffer.from('v'), headers: [] })))
      await producer.close()
    },
    async counted (worker, keys) {
      await until(`${keys} keys are counted`, async () => {
        equal(worker.child.exitCode, null, worker.output())
        return (await counts().catch(() => [])).length >= keys
      }, 60_000)
      deepEqual(await counts(), Array.from({ length: keys }, () => 1))
    }
  }
}

integrationTest('a topic that a pattern matches and that comes while workers run is read from its first record, by both, and survives a kill and a reset', async (t, services) => {
  const world = openWorld(t, services)
  const prefix = uniqueName(t)
  const environment = { SOURCE_PATTERN: `${prefix}-[a-z]+` }
  await world.make(`${prefix}-a`, 2)
  const [first, second] = [world.start(environment), world.start(environment)]
  await Promise.all([first.address(), second.address()])
  await world.feed(`${prefix}-a`, 0, 100)
  await world.counted(first, 100)

  await world.make(`${prefix}-b`, 4)
  await world.make(`not-${prefix}-b`, 1)
  await world.feed(`${prefix}-b`, 100, 300)
  await world.feed(`not-${prefix}-b`, 300, 310)
  await world.counted(first, 300)
  for (const worker of [first, second]) match(worker.output(), /topics that match a pattern have come/)

  second.child.kill('SIGKILL')
  await world.feed(`${prefix}-a`, 400, 450)
  await world.feed(`${prefix}-b`, 450, 500)
  await world.counted(first, 400)
  equal(await first.stop(), 0)

  const done = await millrace(services, 'reset', '--application-id', world.applicationId, '--to-earliest', '--execute')
  equal(done.code, 0, done.stderr)
  ok(!done.stdout.includes('[a-z]'), done.stdout)
  await world.make(`${prefix}-c`, 1)
  await world.feed(`${prefix}-c`, 500, 510)
  const third = world.start(environment)
  await third.address()
  await world.counted(third, 410)
  equal(await third.stop(), 0)
})

integrationTest('several topics of one source, of different sizes, are counted once each over a kill and a restart', async (t, services) => {
  const world = openWorld(t, services)
  const prefix = uniqueName(t)
  const topics = [`${prefix}-a`, `${prefix}-b`] as const
  const environment = { SOURCE_TOPICS: topics.join(','), KAFKA_WORKER_AUTO_OFFSET_RESET: 'earliest' }
  await world.make(topics[0], 2)
  await world.make(topics[1], 5)
  await world.feed(topics[0], 0, 500)
  await world.feed(topics[1], 500, 1_000)
  const dying = world.start({ ...environment, DIE_AFTER: '5' })
  await until('the worker is dead', () => dying.child.signalCode !== null)

  const heir = world.start(environment)
  await heir.address()
  await world.feed(topics[1], 1_000, 1_200)
  await world.counted(heir, 1_200)
  equal(await heir.stop(), 0)
})
