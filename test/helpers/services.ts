import { randomBytes } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { Admin } from '@platformatic/kafka'
import { Redis } from 'ioredis'
import { Client } from 'pg'
import { findServices } from '../../scripts/services/find.ts'
import type { ServiceName } from '../../scripts/services/state.ts'

/** Where the real services are: `host:port` (several with commas between), `redis://…`, `postgres://…`. */
export type Services = Readonly<Record<ServiceName, string>> & {
  /** `redis` names servers of a cluster, over so many shards of which the projection is spread; undefined: it is one server. */
  readonly redisShards?: number
}

/** What a worker on the services is told, whatever its topology reads. */
export function serviceEnvironment (services: Services, applicationId: string): Record<string, string> {
  return {
    KAFKA_BOOTSTRAP: services.kafka,
    REDIS_URL: services.redis,
    ...(services.redisShards === undefined ? {} : { REDIS_CLUSTER: 'true', REDIS_SHARDS: String(services.redisShards) }),
    DATABASE_URL: services.postgres,
    KAFKA_WORKER_GROUP_ID: applicationId,
    KAFKA_WORKER_AUTO_OFFSET_RESET: 'earliest',
    WORKER_METRICS_HOST: '127.0.0.1',
    WORKER_METRICS_PORT: '0'
  }
}

/** What the helpers need of a test: its name, its end, and a word with it. */
export type Owner = Pick<TestContext, 'name' | 'after' | 'diagnostic'>

/** A test on real services: skipped with the reason where one is missing, failed where that must not be (`CI`). */
export function integrationTest (title: string, run: (t: TestContext, services: Services) => Promise<void>): void {
  void test(title, async t => {
    const services = await servicesOrSkip(t)
    if (services !== undefined) await run(t, services)
  })
}

/** The addresses, or nothing after marking the test as skipped; where `CI` is set a missing service throws. */
export async function servicesOrSkip (t: Pick<TestContext, 'skip'>): Promise<Services | undefined> {
  const { addresses: { kafka, redis, postgres }, missing } = await found()
  if (kafka !== undefined && redis !== undefined && postgres !== undefined) return { kafka, redis, postgres }
  const reason = missing.map(({ name, problem }) => `${name} is missing: ${problem}`).join('; ')
  if (isCi()) throw new Error(reason)
  t.skip(reason)
}

/** An application id of the test's own. When the test passed, its schema and its Redis keys go; when it failed, they stay to be looked at. */
export function freshApplicationId (t: Owner, { postgres, redis, redisShards }: Pick<Services, 'postgres' | 'redis' | 'redisShards'>): string {
  const id = uniqueName(t)
  t.after(async () => {
    if (hasFailed(t)) return t.diagnostic(`kept for inspection: schema "${id}" in ${postgres}, keys {${id}:*}:* in ${redis}`)
    await Promise.all([dropSchema(postgres, id), redisShards === undefined ? deleteKeys(redis, `{${id}:*`) : undefined])
  })
  return id
}

/** Topics of the test's own, by the names the test calls them; they go when it passed. */
export async function freshTopics<const Name extends string> (
  t: Owner,
  { kafka }: Pick<Services, 'kafka'>,
  names: readonly Name[],
  partitions = 1
): Promise<Readonly<Record<Name, string>>> {
  const prefix = uniqueName(t)
  const topics = names.map(name => `${prefix}.${name}`)
  await withAdmin(kafka, async admin => {
    // Copies: the client sorts the lists it is given, and each name would get another's topic.
    await admin.createTopics({ topics: [...topics], partitions, replicas: BROKER_DEFAULT })
    await admin.metadata({ topics: [...topics], forceUpdate: true })
  })
  t.after(async () => {
    if (hasFailed(t)) return t.diagnostic(`kept for inspection: topics ${topics.join(', ')} in ${kafka}`)
    await withAdmin(kafka, admin => admin.deleteTopics({ topics }))
  })
  // fromEntries forgets which keys it was given; they are exactly `names`.
  return Object.fromEntries(names.map((name, i) => [name, topics[i]])) as Record<Name, string>
}

/** Readable in a listing, and no two alike: also not those of the same test run twice at once. */
export function uniqueName ({ name }: Pick<Owner, 'name'>): string {
  const words = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-').slice(0, 32).replaceAll(/^-+|-+$/g, '')
  return `test-${words || 'unnamed'}-${randomBytes(4).toString('hex')}`
}

/** Node's context tells, its published types do not say so yet. */
function hasFailed (t: Owner): boolean {
  return 'passed' in t && t.passed === false
}

/** As many replicas as a cluster says that a topic should have. */
const BROKER_DEFAULT = -1

let services: ReturnType<typeof findServices> | undefined

/** Looked for once per process: containers and local services serve all tests of a file. */
function found (): ReturnType<typeof findServices> {
  services ??= findServices()
  return services
}

function isCi (): boolean {
  return !['', '0', 'false', undefined].includes(process.env['CI'])
}

async function dropSchema (postgres: string, schema: string): Promise<void> {
  const client = new Client({ connectionString: postgres })
  try {
    await client.connect()
  } catch (error) {
    // A Postgres of the test's own has ended before its test.
    if (isRefused(error)) return
    throw error
  }
  try {
    await client.query(`drop schema if exists ${client.escapeIdentifier(schema)} cascade`)
  } finally {
    await client.end()
  }
}

function isRefused (error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED'
}

async function deleteKeys (address: string, pattern: string): Promise<void> {
  const redis = new Redis(address, { retryStrategy: () => null, maxRetriesPerRequest: 0 })
  let isGone = false
  redis.on('error', () => { isGone = true })
  try {
    for await (const keys of redis.scanStream({ match: pattern, count: 1_000 })) {
      if (keys.length > 0) await redis.unlink(keys)
    }
  } catch (error) {
    // A Redis of the test's own has ended before its test.
    if (!isGone) throw error
  } finally {
    redis.disconnect()
  }
}

/** Changes settings of topics; those that are not named stay as they are. */
export async function configureTopics ({ kafka }: Pick<Services, 'kafka'>, topics: readonly string[], configs: Readonly<Record<string, string>>): Promise<void> {
  const topicResource = 2
  const set = 0
  await withAdmin(kafka, async admin => await admin.incrementalAlterConfigs({
    resources: topics.map(resourceName => ({
      resourceType: topicResource, resourceName, configs: Object.entries(configs).map(([name, value]) => ({ name, configOperation: set, value }))
    }))
  }))
}

export async function withAdmin<Result> (kafka: string, task: (admin: Admin) => Promise<Result>): Promise<Result> {
  const admin = new Admin({ clientId: 'millrace-tests', bootstrapBrokers: kafka.split(',') })
  try {
    return await task(admin)
  } finally {
    await admin.close()
  }
}
