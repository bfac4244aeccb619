import type { FastifyInstance } from 'fastify'
import { Counter, Histogram, Registry } from 'prom-client'
import { RecoMetrics } from '../schemas/reco-metrics.ts'
import { LatencyWindow, type LatencyWindowOptions } from './latency-window.ts'

export interface MetricsOptions {
  readonly window: LatencyWindowOptions
  /** False: no Prometheus endpoint, and nothing is counted for it. */
  readonly prometheus: boolean
  readonly now: () => number
}

/**
 * Measures every request of the server: GET /metrics/reco from the rolling window, GET /metrics/prometheus from counters of its own
 * registry, so that two servers in one process do not mix.
 */
export function useMetrics (app: FastifyInstance, { window: windowOptions, prometheus, now }: MetricsOptions): void {
  const window = new LatencyWindow(windowOptions)
  const count = prometheus ? servePrometheus(app) : undefined

  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'unmatched'
    if (route === '/reco') window.add(now(), reply.elapsedTime, reply.statusCode)
    count?.(request.method, route, reply.statusCode, reply.elapsedTime)
    done()
  })

  app.register(async scope => {
    scope.get('/metrics/reco', { schema: { summary: 'How /reco has answered lately', response: { 200: RecoMetrics } } }, async () => window.summary(now()))
  })
}

type CountRequest = (method: string, route: string, status: number, latencyMs: number) => void

function servePrometheus (app: FastifyInstance): CountRequest {
  const registry = new Registry()
  const registers = [registry]
  const labelNames = ['method', 'endpoint', 'status']
  const requests = new Counter({ name: 'reco_api_requests_total', help: 'Requests answered.', labelNames, registers })
  const latency = new Histogram({
    name: 'reco_api_latency_ms',
    help: 'Time from request to answer in milliseconds.',
    labelNames: ['endpoint'],
    buckets: [0.5, 1, 2, 5, 10, 25, 50, 100, 120, 200, 500, 1000, 5000],
    registers
  })

  app.register(async scope => {
    scope.get('/metrics/prometheus', { schema: { summary: 'Counters for Prometheus' } }, async (_request, reply) => {
      reply.type(registry.contentType)
      return await registry.metrics()
    })
  })

  return (method, endpoint, status, latencyMs) => {
    requests.inc({ method, endpoint, status })
    latency.observe({ endpoint }, latencyMs)
  }
}
