import Fastify, { type FastifyInstance } from 'fastify'
import type { Registry } from 'prom-client'
import type { Config } from './config.ts'
import type { RecommenderStatus } from './recommender-status.ts'

export interface WorkerServerOptions {
  readonly config: Config
  readonly status: RecommenderStatus
  readonly registry: Registry
}

/** What a worker tells of itself: metrics, health, status. Not yet listening. */
export function createWorkerServer ({ config, status, registry }: WorkerServerOptions): FastifyInstance {
  const app = Fastify()
  if (config.PROMETHEUS_METRICS_ENABLED) {
    app.get('/metrics', async (_request, reply) => await reply.type(registry.contentType).send(await registry.metrics()))
  }
  app.get('/health/live', async () => ({ status: 'live' }))
  app.get('/health/ready', async (_request, reply) => {
    const waiting = status.waitingFor()
    if (waiting === undefined) return { status: 'ready' }
    return await reply.code(503).send({ error: 'waiting', message: `Waiting since ${new Date(waiting.sinceMs).toISOString()}: ${waiting.reason}`, details: [] })
  })
  app.get('/stream/worker', async () => {
    const report = status.report()
    return {
      enabled: true,
      is_running: true,
      mode: report.mode,
      group_id: config.KAFKA_WORKER_GROUP_ID,
      topics: { impression: config.TOPIC_IMPRESSION, watch: config.TOPIC_WATCH, event: config.TOPIC_EVENT, dlq: config.TOPIC_DLQ },
      auto_offset_reset: report.auto_offset_reset,
      processed_count: report.processed_count,
      dlq_count: report.dlq_count,
      runtime: {
        last_consumer_lag_ms: report.last_consumer_lag_ms,
        last_event_to_feature_latency_ms: report.last_event_to_feature_latency_ms,
        last_processed_at_ms: report.last_processed_at_ms
      },
      feature_loop: { watch_feature_updates: report.watch_feature_updates, watch_duplicates: report.watch_duplicates, history_size: report.history_size },
      tasks: status.assignedTasks(),
      waiting: status.waitingFor() ?? null
    }
  })
  return app
}
