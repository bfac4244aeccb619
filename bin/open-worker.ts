import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import type { Registry } from 'prom-client'
import { recommender } from '../topology/recommender.ts'
import type { Logger } from '../streams/index.ts'
import {
  ensureEngineSchema, migrate, observeMetrics, openKafkaLog, openPostgres, openPostgresState, openRedisProjection, Projector, quote, startReporting, Worker,
  type Database, type EngineSchema
} from '../streams/runtime.ts'
import type { Config } from './config.ts'
import { createRecommenderStatus, type RecommenderStatus } from './recommender-status.ts'

export interface OpenWorkerOptions {
  readonly config: Config
  readonly mode: 'embedded' | 'external'
  readonly registry: Registry
  readonly logger: Logger
}

export interface RunningWorker {
  readonly status: RecommenderStatus
  /** Rejects when the worker cannot go on. */
  readonly done: Promise<void>
  readonly stop: () => Promise<void>
}

const MIGRATIONS = fileURLToPath(new URL('../migrations/recommender', import.meta.url))

/** The recommender on the services of the environment: opens what it needs, and closes it in reverse order. */
export async function openWorker ({ config, mode, registry, logger }: OpenWorkerOptions): Promise<RunningWorker> {
  const applicationId = config.KAFKA_WORKER_GROUP_ID
  const workerId = config.KAFKA_GROUP_INSTANCE_ID ?? randomUUID()
  const topology = recommender.configure(config)
  const closers: (() => Promise<void>)[] = []
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).toReversed()) await closer().catch((error: unknown) => logger.warn({ error: String(error) }, 'closing'))
  }
  try {
    // A transaction that stands still for as long as a session may is a frozen worker's.
    const timeoutMs = Math.floor(config.KAFKA_SESSION_TIMEOUT_MS * 0.9)
    const units = openPostgres({
      url: config.DATABASE_URL, applicationName: `millrace ${applicationId}`, maxConnections: 4, idleInTransactionTimeoutMs: timeoutMs, lockTimeoutMs: timeoutMs
    })
    const service = openPostgres({ url: config.DATABASE_URL, applicationName: `millrace ${applicationId} service`, maxConnections: 4 })
    closers.push(service.close, units.close)
    const schema = await prepareSchema(service, config, logger)

    const redis = new Redis(config.REDIS_URL, { maxRetriesPerRequest: 1, enableOfflineQueue: false, commandTimeout: 5_000, lazyConnect: true, retryStrategy: attempt => Math.min(500, attempt * 50) })
    // Its absence is the projector's business; without a listener ioredis would print every attempt.
    redis.on('error', () => {})
    await redis.connect().catch(() => {})
    closers.push(async () => redis.disconnect())

    const projector = new Projector({
      projection: openRedisProjection({ redis, applicationId, generation: schema.generation, shards: config.REDIS_SHARDS }),
      database: service,
      applicationId,
      generation: schema.generation,
      stores: topology.stores,
      logger,
      status: () => {}
    })
    closers.push(async () => await projector.stop())

    const status = createRecommenderStatus({
      watchTopic: config.TOPIC_WATCH,
      historySize: config.STREAM_FEATURE_HISTORY_SIZE,
      autoOffsetReset: config.KAFKA_WORKER_AUTO_OFFSET_RESET,
      mode,
      registry,
      now: Date.now
    })
    const reporting = startReporting({ database: service, applicationId, workerId, status: status.report, logger })
    closers.push(reporting.stop)

    const log = openKafkaLog({ brokers: config.KAFKA_BOOTSTRAP.split(','), clientId: `millrace-${applicationId}`, logger })
    closers.push(log.close)
    const worker = new Worker({
      topology,
      applicationId,
      log,
      state: openPostgresState({ database: units, schema, owner: workerId, projected: true }),
      logger,
      offsetReset: config.KAFKA_WORKER_AUTO_OFFSET_RESET,
      sessionTimeoutMs: config.KAFKA_SESSION_TIMEOUT_MS,
      ...(config.KAFKA_GROUP_INSTANCE_ID === undefined ? {} : { groupInstanceId: config.KAFKA_GROUP_INSTANCE_ID }),
      maxUnitRecords: config.KAFKA_WORKER_MAX_POLL_RECORDS,
      maxRecordBytes: 900_000,
      pollTimeoutMs: config.KAFKA_WORKER_POLL_TIMEOUT_MS,
      now: Date.now,
      observers: [status, observeMetrics(topology, [registry]), projecting(projector)],
      takeApplied: () => projector.takeApplied()
    })
    closers.push(async () => await worker.stop())
    projector.start()
    await worker.start()
    return { status, done: worker.done, stop: close }
  } catch (error) {
    await close()
    throw error
  }
}

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

/** A committed unit, handed to the projection with what it needs of it. */
function projecting (projector: Projector) {
  return {
    assigned () {},
    waiting () {},
    committed (_unit: unknown, { changes, positions, outboxId }: Parameters<RecommenderStatus['committed']>[1]) {
      if (outboxId === undefined) return
      projector.committed({ changes, outboxId, tasks: positions.map(({ subTopology, partition, unit }) => [`${subTopology}/${partition}`, unit]) })
    }
  }
}
