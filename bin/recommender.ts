import { fileURLToPath } from 'node:url'
import type { Registry } from 'prom-client'
import { recommender } from '../topology/recommender.ts'
import type { Config } from './config.ts'
import type { Application } from './open-worker.ts'
import { createRecommenderStatus, type RecommenderStatus } from './recommender-status.ts'

export interface RecommenderOptions {
  readonly config: Config
  readonly mode: 'embedded' | 'external'
  readonly registry: Registry
}

export interface RecommenderApplication extends Application {
  readonly status: RecommenderStatus
}

/** The recommender as an application: its topology with the settings of the environment, its migrations, its own numbers. */
export function recommenderApplication ({ config, mode, registry }: RecommenderOptions): RecommenderApplication {
  const status = createRecommenderStatus({
    watchTopic: config.TOPIC_WATCH,
    historySize: config.STREAM_FEATURE_HISTORY_SIZE,
    autoOffsetReset: config.KAFKA_WORKER_AUTO_OFFSET_RESET,
    mode,
    registry,
    now: Date.now
  })
  return {
    topology: recommender.configure(config),
    migrations: fileURLToPath(new URL('../migrations/recommender', import.meta.url)),
    observers: [status],
    report: status.report,
    status
  }
}

/** What `GET /stream/worker` answers on the worker itself; the API answers the same for all workers together. */
export function recommenderReport (config: Config, { report }: RecommenderStatus): object {
  const {
    mode, auto_offset_reset: autoOffsetReset, processed_count: processed, dlq_count: deadLetters, watch_feature_updates: updates, watch_duplicates: duplicates,
    history_size: historySize, last_consumer_lag_ms: lag, last_event_to_feature_latency_ms: latency, last_processed_at_ms: processedAt
  } = report()
  return {
    enabled: true,
    is_running: true,
    mode,
    group_id: config.KAFKA_WORKER_GROUP_ID,
    topics: { impression: config.TOPIC_IMPRESSION, watch: config.TOPIC_WATCH, event: config.TOPIC_EVENT, dlq: config.TOPIC_DLQ },
    auto_offset_reset: autoOffsetReset,
    processed_count: processed,
    dlq_count: deadLetters,
    runtime: { last_consumer_lag_ms: lag, last_event_to_feature_latency_ms: latency, last_processed_at_ms: processedAt },
    feature_loop: { watch_feature_updates: updates, watch_duplicates: duplicates, history_size: historySize }
  }
}
