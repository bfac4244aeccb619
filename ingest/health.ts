import type { FastifyInstance } from 'fastify'
import type { SendQueue } from './send-queue.ts'

/** GET /health/live, which asks nobody, and /health/ready: whether the last send went well. */
export function health (app: FastifyInstance, queue: SendQueue): void {
  app.get('/health/live', async () => ({ status: 'live' }))

  app.get('/health/ready', async (_request, reply) => {
    if (queue.outage() === undefined) return { status: 'ready' }
    return await reply.code(503).send({ error: 'not_ready', message: 'Kafka did not take the last records.', details: [] })
  })
}
