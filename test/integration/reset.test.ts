import assert from 'node:assert/strict'
import { Redis } from 'ioredis'
import { Client } from 'pg'
import { schemaSessionLock } from '../../streams/state/postgres/engine-schema.ts'
import { millrace } from '../helpers/millrace.ts'
import { runModel } from '../helpers/model.ts'
import { createRandomLog } from '../helpers/random-log.ts'
import { assertTables, caughtUp, modelSettings, produce, readTables, startWorker, workerEnvironment, type RecommenderTopics } from '../helpers/recommender.ts'
import { freshApplicationId, freshTopics, integrationTest, type Owner, type Services } from '../helpers/services.ts'

integrationTest('a reset and a second run give the same tables', async (t, services) => {
  const { applicationId, topics, environment, expected } = await world(t, services)
  const first = startWorker(t, environment)
  await caughtUp(services, applicationId, topics, first)

  const refused = await millrace(services, 'reset', '--application-id', applicationId, '--execute')
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /^millrace: Group '.+' has 1 active member: millrace-.+ \(client .+\)\. Stop it, or evict with --force\. Nothing was changed\.\n$/)

  assert.equal(await first.stop(), 0)
  assertTables(await readTables(services, applicationId), expected)
  const dry = await millrace(services, 'reset', '--application-id', applicationId, '--json')
  assert.equal(dry.code, 0, dry.stderr)
  assertTables(await readTables(services, applicationId), expected)

  const done = await millrace(services, 'reset', '--application-id', applicationId, '--execute')
  assert.equal(done.code, 0, done.stderr)
  assert.deepEqual(await keysOf(services, applicationId), [])
  const lag = JSON.parse((await millrace(services, 'lag', '--application-id', applicationId, '--json')).stdout)
  assert.equal(lag.totals.lag, (await endsOf(dry.stdout)).reduce((sum, end) => sum + end, 0))
  assert.ok(lag.partitions.every(({ position, groupOffset }: { position: number, groupOffset: number }) => position === 0 && groupOffset === 0))

  // The policy is not asked: the reset was.
  const second = startWorker(t, { ...environment, KAFKA_WORKER_AUTO_OFFSET_RESET: 'latest' })
  await caughtUp(services, applicationId, topics, second)
  assert.equal(await second.stop(), 0)
  assertTables(await readTables(services, applicationId), expected)
})

integrationTest('a lost schema stops the worker, and a reset to the group\'s offsets starts it again', async (t, services) => {
  const { applicationId, topics, environment } = await world(t, services)
  const first = startWorker(t, environment)
  await caughtUp(services, applicationId, topics, first)
  assert.equal(await first.stop(), 0)
  await using client = await connected(services)
  await client.query(`drop schema "${applicationId}" cascade`)

  const lost = startWorker(t, environment)
  assert.equal(await exitCode(lost.child), 1)
  assert.match(lost.output(), /millrace reset --application-id .+ --to-group-offsets goes on/)

  // It may still be a member: who dies has not left.
  const { code, stderr } = await millrace(services, 'reset', '--application-id', applicationId, '--to-group-offsets', '--execute', '--force')
  assert.equal(code, 0, stderr)
  const again = startWorker(t, environment)
  await caughtUp(services, applicationId, topics, again)
  await again.stop()
  assert.deepEqual((await readTables(services, applicationId)).item_popularity, [])
})

integrationTest('a worker that starts during a reset waits for its end', async (t, services) => {
  const { applicationId, topics, environment, expected } = await world(t, services)
  await using client = await connected(services)
  const { take, giveBack } = schemaSessionLock(applicationId)
  await client.query(`select ${take}`)

  const worker = startWorker(t, environment)
  await somebodyWaits(client)
  const { rows } = await client.query('select 1 from pg_namespace where nspname = $1', [applicationId])
  assert.deepEqual(rows, [])

  await client.query(`select ${giveBack}`)
  await caughtUp(services, applicationId, topics, worker)
  assert.equal(await worker.stop(), 0)
  assertTables(await readTables(services, applicationId), expected)
})

integrationTest('Redis being away does not stop a reset', async (t, services) => {
  const { applicationId, topics } = await world(t, services)

  const { code, stdout, stderr } = await millrace(
    { ...services, redis: 'redis://127.0.0.1:1' }, 'reset', '--application-id', applicationId, '--input-topics', `${topics.watch}, ${topics.impression}`, '--to-latest', '--execute'
  )

  assert.equal(code, 0, stderr)
  assert.match(stdout, /Redis was left as it is: Redis at 127\.0\.0\.1:1 does not answer/)
})

async function world (t: Owner, services: Services) {
  const topics: RecommenderTopics = await freshTopics(t, services, ['impression', 'watch', 'event', 'dlq'], 2)
  const applicationId = freshApplicationId(t, services)
  const settings = modelSettings(topics)
  const records = createRandomLog({ seed: 3, events: 1_000, partitions: 2, settings })
  await produce(services, records)
  return { applicationId, topics, environment: workerEnvironment(services, applicationId, topics), expected: runModel(records, settings) }
}

function endsOf (plan: string): number[] {
  return JSON.parse(plan).positions.map(({ end }: { end: number }) => end)
}

async function keysOf ({ redis: url }: Services, applicationId: string): Promise<string[]> {
  const redis = new Redis(url)
  try {
    return await redis.keys(`{${applicationId}:*`)
  } finally {
    redis.disconnect()
  }
}

async function exitCode (child: ReturnType<typeof startWorker>['child']): Promise<number | null> {
  if (child.exitCode === null) await new Promise(resolve => child.once('exit', resolve))
  return child.exitCode
}

/** Until another session asks for the lock that this one holds. */
async function somebodyWaits (client: Client): Promise<void> {
  const held = "select classid, objid from pg_locks where locktype = 'advisory' and granted and pid = pg_backend_pid()"
  for (;;) {
    const { rows } = await client.query(`select 1 from pg_locks w join (${held}) h using (classid, objid) where w.locktype = 'advisory' and not w.granted`)
    if (rows.length > 0) return
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

async function connected ({ postgres }: Services): Promise<Client & AsyncDisposable> {
  const client = new Client({ connectionString: postgres })
  await client.connect()
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() })
}
