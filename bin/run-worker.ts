import { Registry } from 'prom-client'
import type { Logger } from '../streams/index.ts'
import type { Config, Environment } from './config.ts'
import type { Application } from './open-worker.ts'
import { runProcess, type Running } from './run-process.ts'
import { openServiceWorker } from './services.ts'
import { createWorkerServer } from './worker-server.ts'

/** Runs an application's worker on the services of the environment until it is stopped, with its metrics and health beside it. */
export function runWorker (name: string, env: Environment, applicationOf: (config: Config, registry: Registry) => Application): void {
  runProcess(name, env, async (config, logger) => {
    const registry = new Registry()
    return await openServedWorker({ application: applicationOf(config, registry), config, registry, logger })
  })
}

/** A worker on the services of the environment, with a server that tells of it. */
export async function openServedWorker ({ application, config, registry, logger }: {
  readonly application: Application
  readonly config: Config
  readonly registry: Registry
  readonly logger: Logger
}): Promise<Running & { readonly done: Promise<void> }> {
  const worker = await openServiceWorker({ application, config, registry, logger })
  const server = createWorkerServer({ health: worker.health, registry, withMetrics: config.PROMETHEUS_METRICS_ENABLED, answer: application.answer, logger })
  try {
    const address = await server.listen({ host: config.WORKER_METRICS_HOST, port: config.WORKER_METRICS_PORT })
    logger.info({ applicationId: config.KAFKA_WORKER_GROUP_ID, address }, 'the worker runs')
  } catch (error) {
    await worker.stop()
    throw error
  }
  return {
    done: worker.done,
    async stop () {
      await worker.stop()
      await server.close()
    }
  }
}
