import { Registry } from 'prom-client'
import { FatalError, type Logger } from '../streams/index.ts'
import { openPostgres, openRedisReader, watchGeneration, type Database } from '../streams/runtime.ts'
import type { Config } from './config.ts'
import { openApi } from './open-api.ts'
import type { RunningWorker } from './open-worker.ts'
import { recommenderApplication } from './recommender.ts'
import { openRedis, redisAddressOf } from './redis.ts'
import { checkRedis } from './redis-check.ts'
import { postgresRefusal } from './refusals.ts'
import { runProcess } from './run-process.ts'
import { openServiceWorker } from './services.ts'

/** The read API on the services of the environment, with the worker in the same process where that is asked for. */
runProcess('api', process.env, async (config, logger) => {
  const applicationId = config.KAFKA_WORKER_GROUP_ID
  const withWorker = config.API_EMBEDDED_WORKER_ENABLED && config.KAFKA_WORKER_ENABLED
  const database = openPostgres({
    url: config.DATABASE_READONLY_URL ?? config.DATABASE_URL, applicationName: `millrace ${applicationId} api`, maxConnections: 8, readOnly: true, statementTimeoutMs: 10_000
  })
  const generation = await watchGeneration(database, applicationId)
  const redisAddress = redisAddressOf(config)
  const redis = openRedis(redisAddress)
  const worker = withWorker ? await openEmbedded(config, logger) : undefined
  const app = openApi({
    config,
    database,
    projection: openRedisReader({ redis, applicationId, shards: config.REDIS_SHARDS, generation: generation.current }),
    worker: { enabled: withWorker, mode: withWorker ? 'embedded' : 'external' },
    logger
  })
  await app.listen({ host: config.HOST, port: config.PORT })
  return {
    done: Promise.all([checkRedis(redisAddress), checkPostgres(database, config), worker?.done]).then(() => {}),
    async stop () {
      await app.close()
      await worker?.stop()
      redis.disconnect()
      generation.stop()
      await database.close()
    }
  }
})

/** Rejects where this Postgres lets us in never, as long as the configuration is what it is. One that is away is waited for. */
async function checkPostgres (database: Database, { DATABASE_URL, DATABASE_READONLY_URL }: Config): Promise<void> {
  await database.query({ text: 'select 1' }).catch((error: unknown) => {
    const refusal = DATABASE_READONLY_URL === undefined ? postgresRefusal(error, 'DATABASE_URL', DATABASE_URL) : postgresRefusal(error, 'DATABASE_READONLY_URL', DATABASE_READONLY_URL)
    if (refusal !== undefined) throw new FatalError(refusal, { cause: error })
  })
}

async function openEmbedded (config: Config, logger: Logger): Promise<RunningWorker> {
  const registry = new Registry()
  return await openServiceWorker({ application: recommenderApplication({ config, mode: 'embedded', registry }), config, registry, logger })
}
