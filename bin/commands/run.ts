import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Registry } from 'prom-client'
import type { Topology } from '../../streams/index.ts'
import { readEnvironment, type Environment } from '../config.ts'
import type { Application } from '../open-worker.ts'
import { runProcess } from '../run-process.ts'
import { openServiceWorker } from '../services.ts'
import { createWorkerServer } from '../worker-server.ts'

/**
 * Runs any topology on the services of the environment, until it is stopped. Its settings are read from the environment,
 * its tables come from `migrations/<its name>`, its application id is KAFKA_WORKER_GROUP_ID, else its name.
 */
export function runTopology (topology: Topology, env: Environment): void {
  const environment = { ...env, KAFKA_WORKER_GROUP_ID: env['KAFKA_WORKER_GROUP_ID'] ?? topology.name }
  runProcess(topology.name, environment, async (config, logger) => {
    const registry = new Registry()
    const application = applicationOf(topology.configure(readEnvironment(topology.settings, env)), config.KAFKA_WORKER_GROUP_ID)
    const worker = await openServiceWorker({ application, config, registry, logger })
    const server = createWorkerServer({ health: worker.health, registry, withMetrics: config.PROMETHEUS_METRICS_ENABLED, report: application.report })
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
}

function applicationOf (topology: Topology, applicationId: string): Application {
  const migrations = fileURLToPath(new URL(`../../migrations/${topology.name}`, import.meta.url))
  let processed = 0
  let deadLetters = 0
  return {
    topology,
    migrations: existsSync(migrations) ? migrations : undefined,
    observers: [{
      assigned () {},
      waiting () {},
      committed ({ items, emissions }) {
        processed += items.length
        deadLetters += emissions.filter(({ isDeadLetter }) => isDeadLetter).length
      }
    }],
    report: () => ({ topology: topology.name, application_id: applicationId, processed_count: processed, dlq_count: deadLetters })
  }
}
