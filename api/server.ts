import type { FastifyInstance } from 'fastify'
import type { ApiSettings, RecommenderSettings } from '../schemas/settings.ts'
import type { BaselineKpisReader } from '../stores/baseline-kpis.ts'
import type { DownloadResultsReader } from '../stores/download-results.ts'
import type { RecoFeaturesReader } from '../stores/reco-features.ts'
import type { WorkerStatusReader } from '../stores/worker-status.ts'
import { baseline } from './baseline.ts'
import { contract } from './contract.ts'
import { downloads } from './downloads.ts'
import { health, type Readiness } from './health.ts'
import { history } from './history.ts'
import { useMetrics } from './metrics.ts'
import { openServer, type ServerOptions } from './open-server.ts'
import { page } from './page.ts'
import { reco } from './reco.ts'
import { recommend } from './recommend.ts'
import { stores, type StoresReader } from './stores.ts'
import { streamWorker, type WorkerOptions } from './stream-worker.ts'

/** All that the API is given: nothing here can write. */
export interface ApiReaders {
  readonly features: RecoFeaturesReader
  readonly baseline: BaselineKpisReader
  readonly workers: WorkerStatusReader
  readonly stores: StoresReader
  readonly downloads: DownloadResultsReader
  readonly ready: Readiness
}

export interface ApiOptions extends ServerOptions {
  /** The application id. */
  readonly groupId: string
  readonly settings: RecommenderSettings & ApiSettings
  readonly worker: WorkerOptions
  /** Default true. */
  readonly prometheus?: boolean
  /** Milliseconds since 1970; for tests. */
  readonly now?: () => number
}

/** The read API, not yet listening. Who calls closes it. */
export function createServer (readers: ApiReaders, options: ApiOptions): FastifyInstance {
  const { settings, groupId, worker, prometheus = true, now = Date.now } = options
  const { features } = readers
  const app = openServer({ title: 'Millrace recommender', description: 'Read-only: recommendations, metrics and status.' }, options)

  useMetrics(app, { window: { windowSec: settings.RECO_METRICS_WINDOW_SEC, maxSamples: settings.RECO_METRICS_MAX_SAMPLES }, prometheus, now })

  const historySize = settings.STREAM_FEATURE_HISTORY_SIZE
  app.register(reco, { features, historySize })
  app.register(recommend, { features, historySize })
  app.register(history, { features })
  app.register(contract, { settings })
  app.register(baseline, { baseline: readers.baseline, now })
  app.register(stores, { stores: readers.stores })
  app.register(downloads, { downloads: readers.downloads })
  app.register(streamWorker, { workers: readers.workers, groupId, settings, worker })
  app.register(health, { ready: readers.ready })
  app.register(page)
  return app
}
