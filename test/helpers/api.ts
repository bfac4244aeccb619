import type { FastifyInstance } from 'fastify'
import type { TestContext } from 'node:test'
import { createServer, type ApiOptions, type ApiReaders } from '../../api/server.ts'
import { openDownloadResults } from '../../stores/download-results.ts'
import { openRecoFeatures } from '../../stores/reco-features.ts'
import type { ApiSettings, RecommenderSettings } from '../../schemas/settings.ts'
import { fakeReader, type FakeState } from './state.ts'

export const testSettings: RecommenderSettings & ApiSettings = {
  TOPIC_IMPRESSION: 'reco_impression',
  TOPIC_WATCH: 'reco_watch',
  TOPIC_EVENT: 'reco_event',
  TOPIC_DLQ: 'reco_events_dlq',
  CONTRACT_MAX_EVENT_FUTURE_MS: 300_000,
  CONTRACT_MAX_EVENT_AGE_MS: 2_592_000_000,
  STREAM_FEATURE_HISTORY_SIZE: 20,
  RECO_METRICS_WINDOW_SEC: 3600,
  RECO_METRICS_MAX_SAMPLES: 50_000
}

export interface TestApi {
  readonly state?: FakeState
  readonly readers?: Partial<ApiReaders>
  readonly options?: Partial<ApiOptions>
}

/** A read API over plain data, closed with the test. */
export function openApi (t: TestContext, { state = {}, readers = {}, options = {} }: TestApi = {}): FastifyInstance {
  const app = createServer({
    features: openRecoFeatures({ projection: fakeReader(state), postgres: fakeReader(state) }),
    baseline: { over: async ({ days }) => ({ window_days: days, requests: 0, impressions: 0, watches: 0, watched_impressions: 0, ctr_at_20_pct: 0, avg_watch_time_sec: 0, catalog_coverage_at_20_pct: 0 }) },
    workers: { current: async () => undefined },
    stores: { list: () => ({ application_id: 'reco-stream-worker-v1', topology: 'recommender', stores: [] }), ask: async () => ({ kind: 'not_found', message: 'There is no store.' }) },
    downloads: openDownloadResults({ query: async () => { throw Object.assign(new Error('no schema'), { code: '3F000' }) }, applicationId: 'xact-result-processor' }),
    ready: async () => true,
    ...readers
  }, {
    groupId: 'reco-stream-worker-v1',
    settings: testSettings,
    worker: { enabled: false, mode: 'external', autoOffsetReset: 'latest' },
    ...options
  })
  t.after(async () => await app.close())
  return app
}
