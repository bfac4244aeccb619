import { Registry } from 'prom-client'
import { recommenderApplication, recommenderReport } from './recommender.ts'
import { runProcess } from './run-process.ts'
import { openServiceWorker } from './services.ts'
import { createWorkerServer } from './worker-server.ts'

/** The recommender's worker on the services of the environment, with its metrics and health beside it. */
runProcess('worker', process.env, async (config, logger) => {
  const registry = new Registry()
  const application = recommenderApplication({ config, mode: 'external', registry })
  const worker = await openServiceWorker({ application, config, registry, logger })
  const server = createWorkerServer({
    health: worker.health, registry, withMetrics: config.PROMETHEUS_METRICS_ENABLED, report: () => recommenderReport(config, application.status)
  })
  await server.listen({ host: config.WORKER_METRICS_HOST, port: config.WORKER_METRICS_PORT })
  logger.info({ applicationId: config.KAFKA_WORKER_GROUP_ID, port: config.WORKER_METRICS_PORT }, 'the worker runs')
  return {
    done: worker.done,
    async stop () {
      await worker.stop()
      await server.close()
    }
  }
})
