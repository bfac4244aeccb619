import type { FastifyInstance } from 'fastify'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { SendQueue } from './send-queue.ts'

/** GET /metrics/prometheus, from a registry of its own. */
export function useMetrics (app: FastifyInstance, queue: SendQueue): void {
  const registry = new Registry()
  const registers = [registry]
  const requests = new Counter({ name: 'reco_ingest_requests_total', help: 'Requests answered.', labelNames: ['method', 'endpoint', 'status'], registers })
  const latency = new Histogram({
    name: 'reco_ingest_latency_ms',
    help: 'Time from request to answer in milliseconds.',
    labelNames: ['endpoint'],
    buckets: [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 5000, 10_000],
    registers
  })
  const queued = new Gauge({ name: 'reco_ingest_queue_records', help: 'Records that wait for Kafka.', registers, collect: () => { queued.set(queue.size()) } })

  app.addHook('onResponse', (request, reply, done) => {
    const endpoint = request.routeOptions.url ?? 'unmatched'
    requests.inc({ method: request.method, endpoint, status: reply.statusCode })
    latency.observe({ endpoint }, reply.elapsedTime)
    done()
  })

  app.get('/metrics/prometheus', async (_request, reply) => {
    reply.type(registry.contentType)
    return await registry.metrics()
  })
}
