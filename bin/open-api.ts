import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { createServer } from '../api/server.ts'
import { openBaselineKpis } from '../stores/baseline-kpis.ts'
import { boundSource } from '../stores/bounded-source.ts'
import { openDownloadResults } from '../stores/download-results.ts'
import { openGuardedReader } from '../stores/guarded-reader.ts'
import { openRecoFeatures } from '../stores/reco-features.ts'
import { openWorkerStatus } from '../stores/worker-status.ts'
import type { StateReader } from '../streams/index.ts'
import { openPostgresReader, openPostgresSource, openStoreQueries, openTextQueries, readEngineSchema, type Database } from '../streams/runtime.ts'
import { recommender } from '../topology/recommender.ts'
import type { Config } from './config.ts'

export interface OpenApiOptions {
  readonly config: Config
  readonly database: Database
  readonly projection: StateReader
  /** Whether a worker runs beside it. */
  readonly worker: { readonly enabled: boolean, readonly mode: 'embedded' | 'external' }
  readonly logger: FastifyBaseLogger
}

/** As for the recommendations. */
const PROJECTION_TIMEOUT_MS = 100

/** The read API over readers of the application's state; not yet listening. */
export function openApi ({ config, database, projection, worker, logger }: OpenApiOptions): FastifyInstance {
  const applicationId = config.KAFKA_WORKER_GROUP_ID
  const query = database.readObjects
  return createServer({
    features: openRecoFeatures({ projection, postgres: openPostgresReader({ database, applicationId }) }),
    baseline: openBaselineKpis({ query, applicationId }),
    workers: openWorkerStatus({ query, applicationId }),
    stores: openTextQueries(openStoreQueries({
      topology: recommender.configure(config),
      applicationId,
      source: boundSource(openPostgresSource({ database, applicationId })),
      projection: openGuardedReader({ reader: projection, timeoutMs: PROJECTION_TIMEOUT_MS })
    })),
    downloads: openDownloadResults({ query, applicationId: config.DOWNLOADS_RESULTS_APPLICATION_ID }),
    ready: async () => await readEngineSchema(database, applicationId) === undefined
      ? `Application id '${applicationId}' has no schema yet; start its worker.`
      : true
  }, {
    groupId: applicationId,
    settings: config,
    worker: { ...worker, autoOffsetReset: config.KAFKA_WORKER_AUTO_OFFSET_RESET },
    prometheus: config.PROMETHEUS_METRICS_ENABLED,
    logger
  })
}
