import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { createServer } from '../api/server.ts'
import { openBaselineKpis } from '../stores/baseline-kpis.ts'
import { openDownloadResults } from '../stores/download-results.ts'
import { openRecoFeatures } from '../stores/reco-features.ts'
import { openWorkerStatus } from '../stores/worker-status.ts'
import type { StateReader } from '../streams/index.ts'
import { openPostgresReader, type Database } from '../streams/runtime.ts'
import { recommender } from '../topology/recommender.ts'
import type { Config } from './config.ts'
import { isReadable, openStoresReader } from './open-stores-reader.ts'

export interface OpenApiOptions {
  readonly config: Config
  readonly database: Database
  readonly projection: StateReader
  /** Whether a worker runs beside it. */
  readonly worker: { readonly enabled: boolean, readonly mode: 'embedded' | 'external' }
  readonly logger: FastifyBaseLogger
}

/** The read API over readers of the application's state; not yet listening. */
export function openApi ({ config, database, projection, worker, logger }: OpenApiOptions): FastifyInstance {
  const applicationId = config.KAFKA_WORKER_GROUP_ID
  const query = database.readObjects
  return createServer({
    features: openRecoFeatures({ projection, postgres: openPostgresReader({ database, applicationId }) }),
    baseline: openBaselineKpis({ query, applicationId }),
    workers: openWorkerStatus({ query, applicationId }),
    stores: openStoresReader({ topology: recommender.configure(config), applicationId, database, projection }),
    downloads: openDownloadResults({ query, applicationId: config.DOWNLOADS_RESULTS_APPLICATION_ID }),
    ready: async () => await isReadable(database, applicationId)
  }, {
    groupId: applicationId,
    settings: config,
    worker: { ...worker, autoOffsetReset: config.KAFKA_WORKER_AUTO_OFFSET_RESET },
    prometheus: config.PROMETHEUS_METRICS_ENABLED,
    logger
  })
}
