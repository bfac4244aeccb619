import { FatalError, type StateReader } from '../streams/index.ts'
import { openPostgres, openRedisReader, watchGeneration, type Database } from '../streams/runtime.ts'
import type { Config } from './config.ts'
import { openRedis, redisAddressOf } from './redis.ts'
import { checkRedis } from './redis-check.ts'
import { postgresRefusal } from './refusals.ts'

/** What a read API stands on: Postgres in sessions that cannot write, and the projection. */
export interface ReadConnections {
  readonly database: Database
  readonly projection: StateReader
  /** Rejects where Postgres or Redis lets us in never, as long as the configuration is what it is. One that is away is waited for. */
  readonly check: () => Promise<void>
  readonly close: () => Promise<void>
}

/** Opens them for the application id of the configuration; neither has to answer yet. */
export async function openReadConnections (config: Config): Promise<ReadConnections> {
  const applicationId = config.KAFKA_WORKER_GROUP_ID
  const database = openPostgres({
    url: config.DATABASE_READONLY_URL ?? config.DATABASE_URL, applicationName: `millrace ${applicationId} api`, maxConnections: 8, readOnly: true, statementTimeoutMs: 10_000
  })
  const generation = await watchGeneration(database, applicationId)
  const redisAddress = redisAddressOf(config)
  const redis = openRedis(redisAddress)
  return {
    database,
    projection: openRedisReader({ redis, applicationId, shards: config.REDIS_SHARDS, generation: generation.current }),
    check: async () => { await Promise.all([checkRedis(redisAddress), checkPostgres(database, config)]) },
    async close () {
      redis.disconnect()
      generation.stop()
      await database.close()
    }
  }
}

async function checkPostgres (database: Database, { DATABASE_URL, DATABASE_READONLY_URL }: Config): Promise<void> {
  await database.query({ text: 'select 1' }).catch((error: unknown) => {
    const refusal = DATABASE_READONLY_URL === undefined ? postgresRefusal(error, 'DATABASE_URL', DATABASE_URL) : postgresRefusal(error, 'DATABASE_READONLY_URL', DATABASE_READONLY_URL)
    if (refusal !== undefined) throw new FatalError(refusal, { cause: error })
  })
}
