import { InvalidArgumentError, Option, type Command } from 'commander'
import Type from 'typebox'
import { Value } from 'typebox/value'
import { FatalError, type Log } from '../../streams/index.ts'
import { openKafkaLog, openPostgres, type Database, type RedisClient } from '../../streams/runtime.ts'
import { openRedisOnce, placeOf } from '../redis.ts'
import { sentenceOf } from './sentence.ts'

export interface ConnectionOptions {
  readonly bootstrap: string
  readonly databaseUrl: string
  readonly redisUrl?: string
  readonly redisCluster?: boolean
}

/** Waiting longer than this for a lock means that somebody holds it for long. */
const LOCK_TIMEOUT_MS = 30_000
const CONNECT_TIMEOUT_MS = 5_000

export function addApplicationId (command: Command): Command {
  return command.requiredOption('--application-id <id>', 'the consumer group, Postgres schema and Redis prefix')
}

export function addConnections (command: Command): Command {
  return command
    .addOption(new Option('--bootstrap <brokers>', 'Kafka brokers, host:port, separated by commas').env('KAFKA_BOOTSTRAP').default('localhost:9092'))
    .addOption(new Option('--database-url <url>', 'Postgres').env('DATABASE_URL').default('postgres://postgres@localhost:5432/postgres'))
}

export function addRedis (command: Command): Command {
  return command
    .addOption(new Option('--redis-url <url>', 'Redis; left out: none is touched').env('REDIS_URL'))
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
export async function withConnections<T> ({ bootstrap, databaseUrl }: ConnectionOptions, work: (connections: Connections) => Promise<T>): Promise<T> {
  const log = openKafkaLog({ brokers: bootstrap.split(',').map(broker => broker.trim()), clientId: 'millrace-cli' })
  const database = openPostgres({ url: databaseUrl, applicationName: 'millrace cli', maxConnections: 2, lockTimeoutMs: LOCK_TIMEOUT_MS })
  try {
    await Promise.all([
      database.query({ text: 'select 1' }).catch(error => { throw unreachable('Postgres', hostOf(databaseUrl), '--database-url or DATABASE_URL', error) }),
      log.partitionCounts([]).catch(error => { throw unreachable('Kafka', bootstrap, '--bootstrap or KAFKA_BOOTSTRAP', error) })
    ])
    return await work({ log, database })
  } finally {
    await Promise.allSettled([log.close(), database.close()])
  }
}

export interface RedisConnection {
  readonly redis: RedisClient | undefined
  /** Why there is none. */
  readonly problem: string | undefined
}

/** Redis is a projection: what is done to it can wait, so that it is away is told and not thrown. */
export async function withRedis<T> ({ redisUrl: url = '', redisCluster: cluster = false }: Pick<ConnectionOptions, 'redisUrl' | 'redisCluster'>, work: (connection: RedisConnection) => Promise<T>): Promise<T> {
  if (url === '') return await work({ redis: undefined, problem: 'no Redis is configured (--redis-url or REDIS_URL)' })
  const redis = openRedisOnce({ url, cluster }, CONNECT_TIMEOUT_MS)
  // The reason of a failed connection comes here, and only "closed" to who waits.
  let reason: unknown
  redis.on('error', error => { reason = error })
  try {
    const isThere = await redis.connect().then(() => true, error => { reason ??= error; return false })
    return await work(isThere ? { redis, problem: undefined } : { redis: undefined, problem: `Redis at ${placeOf({ url, cluster })} does not answer: ${sentenceOf(reason)}` })
  } finally {
    redis.disconnect()
  }
}

function unreachable (what: string, where: string, option: string, error: unknown): FatalError {
  return new FatalError(`${what} at ${where} does not answer: ${sentenceOf(error)}. Is it running, and is ${option} right?`, { cause: error })
}

/** Without the password. */
function hostOf (url: string): string {
  return URL.canParse(url) ? new URL(url).host : url
}
