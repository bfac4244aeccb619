import Fastify, { type FastifyInstance } from 'fastify'
import type { Registry } from 'prom-client'
import type { WorkerHealth } from './worker-health.ts'

export interface WorkerServerOptions {
  readonly health: WorkerHealth
  readonly registry: Registry
  readonly withMetrics: boolean
  /** What the application says of itself. */
  readonly answer: () => object
}

/** What a worker tells of itself: metrics, health, status. Not yet listening. */
export function createWorkerServer ({ health, registry, withMetrics, answer }: WorkerServerOptions): FastifyInstance {
  const app = Fastify()
  if (withMetrics) app.get('/metrics', async (_request, reply) => await reply.type(registry.contentType).send(await registry.metrics()))
  app.get('/health/live', async () => ({ status: 'live' }))
  app.get('/health/ready', async (_request, reply) => {
    const waiting = health.waitingFor()
    if (waiting === undefined) return { status: 'ready' }
    return await reply.code(503).send({ error: 'waiting', message: `Waiting since ${waiting.since}: ${waiting.reason}`, details: [] })
  })
  app.get('/stream/worker', async () => ({ ...answer(), tasks: health.tasks(), waiting: health.waitingFor() ?? null }))
  return app
}
