import { Registry } from 'prom-client'
import type { Logger } from '../streams/index.ts'
import { openPostgres, openRedisReader, watchGeneration } from '../streams/runtime.ts'
import type { Config } from './config.ts'
import { openApi } from './open-api.ts'
import type { RunningWorker } from './open-worker.ts'
import { openRedis } from './redis.ts'
import { recommenderApplication } from './recommender.ts'
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
  const redis = openRedis({ url: config.REDIS_URL, cluster: config.REDIS_CLUSTER })
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
    ...(worker === undefined ? {} : { done: worker.done }),
    async stop () {
      await app.close()
      await worker?.stop()
      redis.disconnect()
      generation.stop()
      await database.close()
    }
  }
})

async function openEmbedded (config: Config, logger: Logger): Promise<RunningWorker> {
  const registry = new Registry()
  return await openServiceWorker({ application: recommenderApplication({ config, mode: 'embedded', registry }), config, registry, logger })
}
