import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Registry } from 'prom-client'
import type { Topology } from '../../streams/index.ts'
import { readConfig, readEnvironment, type Environment } from '../config.ts'
import { createLogger } from '../logging.ts'
import { openServiceWorker } from '../services.ts'
import { stopOnSignal } from '../stop-on-signal.ts'
import { createWorkerServer } from '../worker-server.ts'

/**
 * Runs any topology on the services of the environment, until it is stopped. Its settings are read from the environment,
 * its tables come from `migrations/<its name>`, its application id is KAFKA_WORKER_GROUP_ID, else its name.
 */
export async function runTopology (topology: Topology, env: Environment): Promise<void> {
  const config = readConfig({ ...env, KAFKA_WORKER_GROUP_ID: env['KAFKA_WORKER_GROUP_ID'] ?? topology.name })
  const logger = createLogger(topology.name, config.LOG_LEVEL)
  const registry = new Registry()
  const migrations = fileURLToPath(new URL(`../../migrations/${topology.name}`, import.meta.url))
  let processed = 0
  let deadLetters = 0
  const report = (): object => ({ topology: topology.name, application_id: config.KAFKA_WORKER_GROUP_ID, processed_count: processed, dlq_count: deadLetters })
  const worker = await openServiceWorker({
    application: {
      topology: topology.configure(readEnvironment(topology.settings, env)),
      migrations: existsSync(migrations) ? migrations : undefined,
      observers: [{
        assigned () {},
        waiting () {},
        committed ({ items, emissions }) {
          processed += items.length
          deadLetters += emissions.filter(({ isDeadLetter }) => isDeadLetter).length
        }
      }],
      report
    },
    config,
    registry,
    logger
  })
  const server = createWorkerServer({ health: worker.health, registry, withMetrics: config.PROMETHEUS_METRICS_ENABLED, report })
  stopOnSignal(async () => {
    await worker.stop()
    await server.close()
  }, logger)
  await server.listen({ host: config.WORKER_METRICS_HOST, port: config.WORKER_METRICS_PORT })
  logger.info({ applicationId: config.KAFKA_WORKER_GROUP_ID, port: config.WORKER_METRICS_PORT }, 'the worker runs')
  await worker.done
}
