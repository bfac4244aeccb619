import { deepEqual, equal, match, ok } from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { Type, type Static } from 'typebox'
import { Value } from 'typebox/value'
import { freePort } from '../../scripts/services/processes.ts'
import { openKafkaLog } from '../../streams/runtime.ts'
import { openNetwork, through } from '../helpers/network.ts'
import { caughtUp, produce, startWorker, workerEnvironment, type RecommenderTopics, type WorkerProcess } from '../helpers/recommender.ts'
import { freshApplicationId, freshTopics, integrationTest, type Services } from '../helpers/services.ts'

const Status = Type.Object({
  waiting: Type.Union([Type.Null(), Type.Object({ reason: Type.String(), since: Type.String() })]),
  pauses: Type.Array(Type.Object({
    kind: Type.String(), waitsFor: Type.String(), reason: Type.String(), since: Type.String(), attempts: Type.Number(), about: Type.Array(Type.String())
  }))
})
type Status = Static<typeof Status>

integrationTest('a partition that does not advance is told by readiness, metrics and log, and told to be over when it moves on', async (t, services) => {
  const it = await startWatched(t, services, { KAFKA_WORKER_STUCK_AFTER_MS: '1000' })
  await it.until(async () => (await it.ready()).status === 200)
  const log = openKafkaLog({ brokers: [services.kafka], clientId: 'millrace-tests' })
  t.after(async () => await log.close())
  await log.deleteTopics([it.topics.dlq])

  await produce(services, [broken(it.topics.watch)])
  await it.until(async () => (await it.ready()).body.includes('"stuck"'))

  const { status, body } = await it.ready()
  equal(status, 503)
  match(body, new RegExp(`Partition 0 of ${it.topics.watch} has not advanced for \\d+ s, and 1 record waits\\. It stands at ${it.topics.watch}-0@0, whose unit is not committed; attempt \\d+, last error: .*${it.topics.dlq} does not exist`))
  const { waiting, pauses } = await it.status()
  deepEqual(pauses.map(({ kind, about }) => [kind, about]), [['dead-letters', []], ['stuck', [`${it.topics.watch}-0`]]])
  ok(waiting?.reason.includes('has not advanced'))
  ok((pauses[0]?.attempts ?? 0) > 0 && !Number.isNaN(Date.parse(pauses[0]?.since ?? '')))
  const metrics = await it.metrics()
  for (const line of ['millrace_stuck_partitions 1', 'millrace_waiting 1', 'millrace_pause{kind="dead-letters"} 1', 'millrace_pause{kind="stuck"} 1', 'millrace_pause{kind="postgres"} 0']) ok(metrics.includes(line), line)

  await log.createTopics([{ name: it.topics.dlq, partitions: 1 }])
  await caughtUp(services, it.applicationId, it.topics, it.worker)
  await it.until(async () => (await it.ready()).status === 200)

  deepEqual((await it.status()).pauses, [])
  for (const pause of ['dead-letters', 'stuck']) {
    const lines = it.logged(pause)
    deepEqual([lines[0], lines.at(-1)], ['waiting; nothing is skipped meanwhile', 'going on'], pause)
  }
  equal(await it.worker.stop(), 0)
})

integrationTest('while Postgres or Redis is away the worker says which, since when and how often it tried, and goes on by itself', async (t, services) => {
  const postgres = await openNetwork(t, Number(new URL(services.postgres).port))
  const redis = await openNetwork(t, Number(new URL(services.redis).port))
  const it = await startWatched(t, services, { DATABASE_URL: through(postgres, services.postgres), REDIS_URL: through(redis, services.redis) })
  const paused = async (kind: string): Promise<Status['pauses'][number] | undefined> => (await it.status()).pauses.find(pause => pause.kind === kind)
  await it.until(async () => (await it.ready()).status === 200 && (await it.status()).pauses.length === 0)

  redis.refuse()
  await it.until(async () => await paused('projection-away') !== undefined)
  deepEqual([(await it.ready()).status, (await it.status()).waiting], [200, null])
  redis.mend()
  await it.until(async () => (await it.status()).pauses.length === 0)

  postgres.refuse()
  await produce(services, [broken(it.topics.watch)])
  await it.until(async () => ((await paused('postgres'))?.attempts ?? 0) > 2)
  const { status, body } = await it.ready()
  equal(status, 503)
  match(body, /Waiting for Postgres since \d{4}-.+ \(attempt \d+\): /)
  postgres.mend()
  await caughtUp(services, it.applicationId, it.topics, it.worker)
  await it.until(async () => (await it.status()).pauses.length === 0)

  equal((await it.ready()).status, 200)
  for (const pause of ['postgres', 'projection-away']) equal(it.logged(pause).at(-1), 'going on', pause)
  equal(await it.worker.stop(), 0)
})

interface Watched {
  readonly applicationId: string
  readonly topics: RecommenderTopics
  readonly worker: WorkerProcess
  readonly ready: () => Promise<{ readonly status: number, readonly body: string }>
  readonly status: () => Promise<Status>
  readonly metrics: () => Promise<string>
  /** The messages about a pause, in order. */
  readonly logged: (pause: string) => string[]
  readonly until: (condition: () => Promise<boolean>) => Promise<void>
}

/** A worker on topics of its own, and what it tells of itself. */
async function startWatched (t: TestContext, services: Services, environment: Readonly<Record<string, string>>): Promise<Watched> {
  const topics = await freshTopics(t, services, ['impression', 'watch', 'event', 'dlq'], 1)
  const applicationId = freshApplicationId(t, services)
  const port = await freePort()
  const worker = startWorker(t, { ...workerEnvironment(services, applicationId, topics), LOG_LEVEL: 'info', WORKER_METRICS_PORT: String(port), ...environment })
  const get = async (path: string): Promise<Response> => await fetch(`http://127.0.0.1:${port}${path}`)
  return {
    applicationId,
    topics,
    worker,
    async ready () {
      const response = await get('/health/ready').catch(() => undefined)
      return { status: response?.status ?? 0, body: await response?.text() ?? '' }
    },
    status: async () => Value.Parse(Status, await (await get('/stream/worker')).json()),
    metrics: async () => await (await get('/metrics')).text(),
    logged: pause => worker.output().split('\n').filter(line => line.includes(`"pause":"${pause}"`)).map(line => String(JSON.parse(line).msg)),
    async until (condition) {
      const deadline = Date.now() + 60_000
      while (!await condition()) {
        equal(worker.child.exitCode, null, worker.output())
        ok(Date.now() < deadline, `it did not come to that:\n${worker.output()}`)
        await new Promise(resolve => setTimeout(resolve, 50))
      }
    }
  }
}

function broken (topic: string) {
  return { topic, partition: 0, offset: 0, timestamp: Date.now(), key: 'user-1', value: Buffer.from('not json') }
}
