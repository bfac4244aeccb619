import { Registry } from 'prom-client'
import { messageOf } from '../streams/index.ts'
import { readConfig } from './config.ts'
import { createLogger } from './logging.ts'
import { recommenderApplication, recommenderReport } from './recommender.ts'
import { openServiceWorker } from './services.ts'
import { stopOnSignal } from './stop-on-signal.ts'
import { createWorkerServer } from './worker-server.ts'

/** The recommender's worker on the services of the environment, with its metrics and health beside it. */
async function main (): Promise<void> {
  const config = readConfig(process.env)
  const logger = createLogger('worker', config.LOG_LEVEL)
  const registry = new Registry()
  const application = recommenderApplication({ config, mode: 'external', registry })
  const worker = await openServiceWorker({ application, config, registry, logger })
  const server = createWorkerServer({ health: worker.health, registry, withMetrics: config.PROMETHEUS_METRICS_ENABLED, report: () => recommenderReport(config, application.status) })
  stopOnSignal(async () => {
    await worker.stop()
    await server.close()
  }, logger)
  await server.listen({ host: config.WORKER_METRICS_HOST, port: config.WORKER_METRICS_PORT })
  logger.info({ applicationId: config.KAFKA_WORKER_GROUP_ID, port: config.WORKER_METRICS_PORT }, 'the worker runs')
  await worker.done
}

main().catch((error: unknown) => {
  process.stderr.write(`millrace worker: ${messageOf(error)}\n`)
  process.exit(1)
})
