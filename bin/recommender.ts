import type { Registry } from 'prom-client'
import { streamWorkerAnswer } from '../api/stream-worker.ts'
import type { WorkerReport } from '../schemas/worker-status.ts'
import { recommender } from '../topology/recommender.ts'
import type { Config } from './config.ts'
import { migrationsOf } from './migrations.ts'
import type { Application } from './open-worker.ts'
import { createRecommenderStatus } from './recommender-status.ts'

export interface RecommenderOptions {
  readonly config: Config
  readonly mode: 'embedded' | 'external'
  readonly registry: Registry
}

/** The recommender as an application: its topology with the settings of the environment, its migrations, its own numbers. */
export function recommenderApplication ({ config, mode, registry }: RecommenderOptions): Application & { readonly report: () => WorkerReport } {
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
    migrations: migrationsOf(recommender),
    observers: [status],
    report: status.report,
    answer: () => streamWorkerAnswer(status.report(), { enabled: true, isRunning: true, groupId: config.KAFKA_WORKER_GROUP_ID, settings: config })
  }
}
