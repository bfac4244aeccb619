import Fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import { limitedBy, useLimits, usualLimits, type HttpLimits } from '../http/limits.ts'
import type { ApiSettings, RecommenderSettings } from '../schemas/settings.ts'
import type { BaselineKpisReader } from '../stores/baseline-kpis.ts'
import type { DownloadResultsReader } from '../stores/download-results.ts'
import type { RecoFeaturesReader } from '../stores/reco-features.ts'
import type { WorkerStatusReader } from '../stores/worker-status.ts'
import { baseline } from './baseline.ts'
import { contract } from './contract.ts'
import { downloads } from './downloads.ts'
import { answerError, useErrorAnswers } from './errors.ts'
import { health, type Readiness } from './health.ts'
import { history } from './history.ts'
import { useMetrics } from './metrics.ts'
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

export interface ApiOptions {
  /** The application id. */
  readonly groupId: string
  readonly settings: RecommenderSettings & ApiSettings
  readonly worker: WorkerOptions
  /** Default true. */
  readonly prometheus?: boolean
  /** Left out: nothing is logged. */
  readonly logger?: FastifyBaseLogger
  /** Milliseconds since 1970; for tests. */
  readonly now?: () => number
  /** Others than the usual ones; for tests. */
  readonly limits?: Partial<HttpLimits>
}

/** 500 excluded items of 128 characters each, every one of them percent-encoded, fit into an address. */
const MAX_URL_BYTES = 1024 * 1024

/** The read API, not yet listening. Who calls closes it. */
export function createServer (readers: ApiReaders, options: ApiOptions): FastifyInstance {
  const { settings, groupId, worker, prometheus = true, now = Date.now } = options
  const { features } = readers
  const limits = { ...usualLimits, urlBytes: MAX_URL_BYTES, ...options.limits }
  const app = open(options.logger, limits)

  useLimits(app, limits)
  useErrorAnswers(app)
  app.register(swagger, { openapi: { openapi: '3.1.0', info: { title: 'Millrace recommender', version: '1.0.0', description: 'Read-only: recommendations, metrics and status.' } } })
  app.register(swaggerUi, { routePrefix: '/docs' })
  app.register(async scope => {
    scope.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
  })
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

function open (logger: FastifyBaseLogger | undefined, limits: HttpLimits): FastifyInstance {
  return Fastify({
    ...(logger === undefined ? { logger: false } : { loggerInstance: logger }),
    // A line per request would cost more than the request.
    logController: new LogController({ disableRequestLogging: true }),
    ...limitedBy(limits),
    routerOptions: { maxParamLength: 2048 },
    // All mistakes at once; one value where a list may stand.
    ajv: { customOptions: { allErrors: true, coerceTypes: 'array', removeAdditional: false } },
    frameworkErrors: answerError
  })
}
