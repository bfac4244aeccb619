import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { RecommenderSettings } from '../schemas/settings.ts'
import { StreamWorkerAnswer, type WorkerReport } from '../schemas/worker-status.ts'
import type { WorkerStatusReader } from '../stores/worker-status.ts'
import { errorAnswers } from './errors.ts'

export interface WorkerOptions {
  /** Whether a worker is meant to run. */
  readonly enabled: boolean
  readonly mode: 'embedded' | 'external'
  readonly autoOffsetReset: 'latest' | 'earliest'
}

export interface StreamWorkerOptions {
  readonly workers: WorkerStatusReader
  readonly groupId: string
  readonly settings: RecommenderSettings
  /** What is configured; said of workers that do not report. */
  readonly worker: WorkerOptions
}

const schema = { summary: 'What the stream workers are doing', response: { 200: StreamWorkerAnswer, ...errorAnswers } }

/** GET /stream/worker: the workers' own reports, added up. */
export const streamWorker: FastifyPluginAsyncTypebox<StreamWorkerOptions> = async (app, { workers, groupId, settings, worker }) => {
  app.get('/stream/worker', { schema }, async (): Promise<StreamWorkerAnswer> => {
    const reported = await workers.current()
    return streamWorkerAnswer(reported ?? silent(worker, settings), { enabled: worker.enabled || reported !== undefined, isRunning: reported !== undefined, groupId, settings })
  })
}

export interface StreamWorkerState {
  readonly enabled: boolean
  readonly isRunning: boolean
  readonly groupId: string
  readonly settings: RecommenderSettings
}

/** One report in the words of the contract; also what a worker answers of itself. */
export function streamWorkerAnswer (report: WorkerReport, { enabled, isRunning, groupId, settings }: StreamWorkerState): StreamWorkerAnswer {
  return {
    enabled,
    is_running: isRunning,
    mode: report.mode,
    group_id: groupId,
    topics: { impression: settings.TOPIC_IMPRESSION, watch: settings.TOPIC_WATCH, event: settings.TOPIC_EVENT, dlq: settings.TOPIC_DLQ },
    auto_offset_reset: report.auto_offset_reset,
    processed_count: report.processed_count,
    dlq_count: report.dlq_count,
    runtime: {
      last_consumer_lag_ms: report.last_consumer_lag_ms,
      last_event_to_feature_latency_ms: report.last_event_to_feature_latency_ms,
      last_processed_at_ms: report.last_processed_at_ms
    },
    feature_loop: {
      watch_feature_updates: report.watch_feature_updates,
      watch_duplicates: report.watch_duplicates,
      history_size: report.history_size
    }
  }
}

function silent ({ mode, autoOffsetReset }: WorkerOptions, settings: RecommenderSettings): WorkerReport {
  return {
    processed_count: 0,
    dlq_count: 0,
    last_consumer_lag_ms: null,
    last_event_to_feature_latency_ms: null,
    last_processed_at_ms: null,
    watch_feature_updates: 0,
    watch_duplicates: 0,
    history_size: settings.STREAM_FEATURE_HISTORY_SIZE,
    auto_offset_reset: autoOffsetReset,
    mode
  }
}
