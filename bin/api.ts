import { Registry } from 'prom-client'
import type { Logger } from '../streams/index.ts'
import type { Config } from './config.ts'
import { openApi } from './open-api.ts'
import type { RunningWorker } from './open-worker.ts'
import { openReadConnections } from './read-connections.ts'
import { recommenderApplication } from './recommender.ts'
import { runProcess } from './run-process.ts'
import { openServiceWorker } from './services.ts'

/** The read API on the services of the environment, with the worker in the same process where that is asked for. */
runProcess('api', process.env, async (config, logger) => {
  const withWorker = config.API_EMBEDDED_WORKER_ENABLED && config.KAFKA_WORKER_ENABLED
  const { database, projection, check, close } = await openReadConnections(config)
  const worker = withWorker ? await openEmbedded(config, logger) : undefined
  const app = openApi({ config, database, projection, worker: { enabled: withWorker, mode: withWorker ? 'embedded' : 'external' }, logger })
  await app.listen({ host: config.HOST, port: config.PORT })
  return {
    done: Promise.all([check(), worker?.done]).then(() => {}),
    async stop () {
      await app.close()
      await worker?.stop()
      await close()
    }
  }
})

async function openEmbedded (config: Config, logger: Logger): Promise<RunningWorker> {
  const registry = new Registry()
  return await openServiceWorker({ application: recommenderApplication({ config, mode: 'embedded', registry }), config, registry, logger })
}
