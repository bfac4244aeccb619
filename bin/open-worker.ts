import { fileURLToPath } from 'node:url'
import type { Registry } from 'prom-client'
import { recommender } from '../topology/recommender.ts'
import type { Log, Logger, Topology } from '../streams/index.ts'
import {
  ensureEngineSchema, migrate, observeMetrics, openPostgresState, quote, startReporting, Worker, type Database, type EngineSchema, type WorkerObserver
} from '../streams/runtime.ts'
import type { Config } from './config.ts'
import { createRecommenderStatus, type RecommenderStatus } from './recommender-status.ts'

/** What follows the commits and makes them readable: Redis beside a server, memory when embedded. */
export interface RunningProjection {
  readonly observer: WorkerObserver
  /** Whether units leave word of their changes in the outbox. */
  readonly outbox: boolean
  readonly takeApplied: () => readonly number[]
  readonly stop: () => Promise<void>
}

export interface OpenWorkerOptions {
  readonly config: Config
  readonly mode: 'embedded' | 'external'
  readonly registry: Registry
  readonly logger: Logger
  readonly workerId: string
  readonly log: Log
  /** For commit units: its sessions end a transaction that stands still. */
  readonly units: Database
  /** For everything else. */
  readonly service: Database
  readonly openProjection: (schema: EngineSchema, topology: Topology) => RunningProjection
}

export interface RunningWorker {
  readonly status: RecommenderStatus
  readonly schema: EngineSchema
  /** Rejects when the worker cannot go on. */
  readonly done: Promise<void>
  readonly stop: () => Promise<void>
}

const MIGRATIONS = fileURLToPath(new URL('../migrations/recommender', import.meta.url))

/** The recommender's worker on the log and the database it is given; closes what it opened, in reverse order. */
export async function openWorker (options: OpenWorkerOptions): Promise<RunningWorker> {
  const { config, mode, registry, logger, workerId, log, units, service } = options
  const applicationId = config.KAFKA_WORKER_GROUP_ID
  const topology = recommender.configure(config)
  const closers: (() => Promise<void>)[] = []
  const stop = async (): Promise<void> => {
    for (const close of closers.splice(0).toReversed()) await close()
  }
  try {
    const schema = await prepareSchema(service, config, logger)
    const projection = options.openProjection(schema, topology)
    closers.push(projection.stop)
    const status = createRecommenderStatus({
      watchTopic: config.TOPIC_WATCH,
      historySize: config.STREAM_FEATURE_HISTORY_SIZE,
      autoOffsetReset: config.KAFKA_WORKER_AUTO_OFFSET_RESET,
      mode,
      registry,
      now: Date.now
    })
    closers.push(startReporting({ database: service, applicationId, workerId, status: status.report, logger }).stop)
    const worker = new Worker({
      topology,
      applicationId,
      log,
      state: openPostgresState({ database: units, schema, owner: workerId, projected: projection.outbox }),
      logger,
      offsetReset: config.KAFKA_WORKER_AUTO_OFFSET_RESET,
      sessionTimeoutMs: config.KAFKA_SESSION_TIMEOUT_MS,
      ...(config.KAFKA_GROUP_INSTANCE_ID === undefined ? {} : { groupInstanceId: config.KAFKA_GROUP_INSTANCE_ID }),
      maxUnitRecords: config.KAFKA_WORKER_MAX_POLL_RECORDS,
      maxRecordBytes: MAX_RECORD_BYTES,
      pollTimeoutMs: config.KAFKA_WORKER_POLL_TIMEOUT_MS,
      now: Date.now,
      observers: [projection.observer, status, observeMetrics(topology, [registry])],
      takeApplied: projection.takeApplied
    })
    closers.push(async () => await worker.stop())
    await worker.start()
    return { status, schema, done: worker.done, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Below the broker's default limit of a megabyte, headers included. */
const MAX_RECORD_BYTES = 900_000

async function prepareSchema (database: Database, config: Config, logger: Logger): Promise<EngineSchema> {
  const applicationId = config.KAFKA_WORKER_GROUP_ID
  const schema = await ensureEngineSchema(database, applicationId)
  const applied = await migrate(database, applicationId, MIGRATIONS)
  if (applied.length > 0) logger.info({ applied }, 'migrations applied')
  const role = config.DATABASE_READONLY_ROLE
  if (role !== undefined) {
    await database.query({ text: `grant usage on schema ${quote(applicationId)} to ${quote(role)}` })
    await database.query({ text: `grant select on all tables in schema ${quote(applicationId)} to ${quote(role)}` })
  }
  return schema
}
