import Fastify, { type FastifyInstance } from 'fastify'
import type { Registry } from 'prom-client'
import type { Pause } from '../streams/runtime.ts'
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
    return await reply.code(503).send({ error: waiting.kind === 'stuck' ? 'stuck' : 'waiting', message: sentenceOf(waiting), details: [] })
  })
  app.get('/stream/worker', async () => {
    const waiting = health.waitingFor()
    return { ...answer(), tasks: health.tasks(), waiting: waiting === undefined ? null : { reason: waiting.reason, since: waiting.since }, pauses: health.pauses() }
  })
  return app
}

function sentenceOf ({ kind, waitsFor, reason, since, about, attempts }: Pause): string {
  if (kind !== 'stuck') return `Waiting for ${waitsFor} since ${since}${about.length === 0 ? '' : `, ${about.join(', ')}`} (attempt ${attempts}): ${reason}`
  return about.length === 1 ? reason : `${reason} So do ${about.length - 1} others of ${about.join(', ')}.`
}
