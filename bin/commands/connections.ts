import { InvalidArgumentError, Option, type Command } from 'commander'
import Type from 'typebox'
import { Value } from 'typebox/value'
import { FatalError, type Log } from '../../streams/index.ts'
import { checkApplicationId, openPostgres, type Database, type RedisClient } from '../../streams/runtime.ts'
import { addressOf } from '../addresses.ts'
import { readEnvironment, type Environment } from '../config.ts'
import { openKafka } from '../kafka.ts'
import { placeOf } from '../redis.ts'
import { connectOnce } from '../redis-check.ts'
import { kafkaRefusal, postgresRefusal } from '../refusals.ts'
import { securityMistakes, SecuritySettings } from '../security-settings.ts'
import { sentenceOf } from './sentence.ts'

export interface ConnectionOptions {
  readonly bootstrap: string
  readonly databaseUrl: string
  readonly redisUrl?: string
  readonly redisCluster?: boolean
}

/** Waiting longer than this for a lock means that somebody holds it for long. */
const LOCK_TIMEOUT_MS = 30_000

export function addApplicationId (command: Command): Command {
  return command.requiredOption('--application-id <id>', 'the consumer group, Postgres schema and Redis prefix', readApplicationId)
}

/** Before anything is asked for it. */
function readApplicationId (text: string): string {
  try {
    checkApplicationId(text)
    return text
  } catch (error) {
    throw new InvalidArgumentError(sentenceOf(error))
  }
}

export function addConnections (command: Command): Command {
  return addDatabase(command.addOption(new Option('--bootstrap <brokers>', 'Kafka brokers, host:port, separated by commas').env('KAFKA_BOOTSTRAP').default('localhost:9092')))
}

export function addDatabase (command: Command): Command {
  return command
    .addOption(new Option('--database-url <url>', 'Postgres').env('DATABASE_URL').default('postgres://postgres@localhost:5432/postgres'))
}

export function addRedis (command: Command): Command {
  return command
    .addOption(new Option('--redis-url <url>', 'Redis; left out: none is asked or touched').env('REDIS_URL'))
    .addOption(new Option('--redis-cluster [boolean]', 'whether that names servers of a Redis Cluster').env('REDIS_CLUSTER').argParser(readBoolean).preset('true').default(false))
}

/** As the executables read it from their environment. */
function readBoolean (text: string): boolean {
  const value = text === '' ? false : Value.Convert(Type.Boolean(), text)
  if (typeof value !== 'boolean') throw new InvalidArgumentError('Give true or false.')
  return value
}

export interface Connections {
  readonly log: Log
  readonly database: Database
}

/** Opens Kafka and Postgres, sees that both answer, and closes them after the work. */
export async function withConnections<T> ({ bootstrap, databaseUrl, redisUrl }: ConnectionOptions, work: (connections: Connections) => Promise<T>): Promise<T> {
  const security = readSecurity({ DATABASE_URL: databaseUrl, ...(redisUrl === undefined ? {} : { REDIS_URL: redisUrl }) })
  const log = openKafka({ bootstrap, security, clientId: 'millrace-cli' })
  const database = openPostgres({ url: databaseUrl, applicationName: 'millrace cli', maxConnections: 2, lockTimeoutMs: LOCK_TIMEOUT_MS })
  try {
    await Promise.all([
      checkPostgres(database, databaseUrl),
      answers(log, bootstrap)
    ])
    return await work({ log, database })
  } finally {
    await Promise.allSettled([log.close(), database.close()])
  }
}

/** Opens Kafka, sees that it answers, and closes it after the work. */
export async function withKafka<T> (bootstrap: string, work: (log: Log) => Promise<T>): Promise<T> {
  const log = openKafka({ bootstrap, security: readSecurity({}), clientId: 'millrace-cli' })
  try {
    await answers(log, bootstrap)
    return await work(log)
  } finally {
    await log.close()
  }
}

/** Opens Kafka, and Postgres where it answers; where it does not, `missing` is told why, and the work is done without. */
export async function withPerhapsPostgres<T> (
  { bootstrap, databaseUrl }: ConnectionOptions, missing: (error: unknown) => void, work: (connections: { readonly log: Log, readonly database: Database | undefined }) => Promise<T>
): Promise<T> {
  readSecurity({ DATABASE_URL: databaseUrl })
  const database = openPostgres({ url: databaseUrl, applicationName: 'millrace cli', maxConnections: 1, readOnly: true })
  try {
    const isThere = await checkPostgres(database, databaseUrl).then(() => true, (error: unknown) => {
      missing(error)
      return false
    })
    return await withKafka(bootstrap, async log => await work({ log, database: isThere ? database : undefined }))
  } finally {
    await database.close()
  }
}

async function answers (log: Log, bootstrap: string): Promise<void> {
  await log.partitionCounts([]).catch(error => { throw unreachable(kafkaRefusal(error, bootstrap), { what: 'Kafka', where: bootstrap, option: '--bootstrap or KAFKA_BOOTSTRAP' }, error) })
}

/** Opens Postgres for reading only, sees that it answers, and closes it after the work. */
export async function withReader<T> ({ databaseUrl }: Pick<ConnectionOptions, 'databaseUrl'>, work: (database: Database) => Promise<T>): Promise<T> {
  readSecurity({ DATABASE_URL: databaseUrl })
  const database = openPostgres({ url: databaseUrl, applicationName: 'millrace cli', maxConnections: 1, readOnly: true })
  try {
    await checkPostgres(database, databaseUrl)
    return await work(database)
  } finally {
    await database.close()
  }
}

async function checkPostgres (database: Database, url: string): Promise<void> {
  await database.query({ text: 'select 1' }).catch(error => {
    throw unreachable(postgresRefusal(error, 'DATABASE_URL', url), { what: 'Postgres', where: addressOf(url, 'DATABASE_URL'), option: '--database-url or DATABASE_URL' }, error)
  })
}

/** As the environment says it: there is no option for a password, which every process of the machine could read. */
function readSecurity (addresses: Environment): SecuritySettings {
  return readEnvironment(SecuritySettings, process.env, given => {
    const known = { REDIS_URL: process.env['REDIS_URL'], ...given, ...addresses }
    // An empty one counts as not set here too.
    return securityMistakes(Object.fromEntries(Object.entries(known).filter(([, value]) => value !== '')))
  })
}

export interface RedisConnection {
  readonly redis: RedisClient | undefined
  /** Why there is none. */
  readonly problem: string | undefined
}

/** Redis is a projection: what is done to it can wait, so that it is away is told and not thrown. */
export async function withRedis<T> ({ redisUrl: url = '', redisCluster: cluster = false }: Pick<ConnectionOptions, 'redisUrl' | 'redisCluster'>, work: (connection: RedisConnection) => Promise<T>): Promise<T> {
  if (url === '') return await work({ redis: undefined, problem: 'no Redis is configured (--redis-url or REDIS_URL)' })
  const address = { url, cluster, security: readSecurity({ REDIS_URL: url }) }
  const connection = await connectOnce(address)
  if (connection.redis === undefined) return await work({ redis: undefined, problem: `Redis at ${placeOf(address)} does not answer: ${sentenceOf(connection.reason)}` })
  try {
    return await work({ redis: connection.redis, problem: undefined })
  } finally {
    connection.redis.disconnect()
  }
}

function unreachable (refusal: string | undefined, service: { readonly what: string, readonly where: string, readonly option: string }, error: unknown): FatalError {
  const { what, where, option } = service
  return new FatalError(refusal ?? `${what} at ${where} does not answer: ${sentenceOf(error)}. Is it running, and is ${option} right?`, { cause: error })
}
