import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply } from 'fastify'
import type { Registry } from 'prom-client'
import { limitedBy, useLimits, usualLimits, type HttpLimits } from '../http/limits.ts'
import { withoutAddresses } from '../http/without-addresses.ts'
import type { Logger } from '../streams/index.ts'
import type { Pause } from '../streams/runtime.ts'
import type { WorkerHealth } from './worker-health.ts'

export interface WorkerServerOptions {
  readonly health: WorkerHealth
  readonly registry: Registry
  readonly withMetrics: boolean
  /** What the application says of itself. */
  readonly answer: () => object
  readonly logger: Pick<Logger, 'error'>
  /** Others than the usual ones; for tests. */
  readonly limits?: Partial<HttpLimits>
}

/** What a worker tells of itself: metrics, health, status, without the addresses that errors name; those are in the log. Not yet listening. */
export function createWorkerServer ({ health, registry, withMetrics, answer, logger, ...options }: WorkerServerOptions): FastifyInstance {
  const limits = { ...usualLimits, requests: 50, connections: 200, ...options.limits }
  const answerError = (error: FastifyError, reply: FastifyReply): void => {
    const { statusCode: status = 500 } = error
    if (status >= 400 && status < 500) {
      reply.code(status).send({ error: 'bad_request', message: error.message, details: [] })
      return
    }
    logger.error({ err: error }, 'request failed')
    reply.code(500).send({ error: 'internal', message: 'The request failed here, not through you; the log says why.', details: [] })
  }
  const app = Fastify({ ...limitedBy(limits), frameworkErrors: (error, _request, reply) => answerError(error, reply) })
  useLimits(app, limits)
  app.setErrorHandler<FastifyError>((error, _request, reply) => answerError(error, reply))
  app.setNotFoundHandler((_request, reply) => { reply.code(404).send({ error: 'not_found', message: 'There are /metrics, /health/live, /health/ready and /stream/worker.', details: [] }) })
  app.addHook('preSerialization', async (_request, _reply, payload) => withoutAddresses(payload))
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
