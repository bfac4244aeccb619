import type { Registry } from 'prom-client'
import type { Log, Logger, Topology } from '../streams/index.ts'
import {
  ensureEngineSchema, logPauses, migrate, observeLog, observeMetrics, openPostgresState, Pauses, Pulse, quote, startReporting, startWatchdog, Worker,
  type Database, type EngineSchema, type WatchdogOptions, type WorkerObserver
} from '../streams/runtime.ts'
import type { Config } from './config.ts'
import { createWorkerHealth, type WorkerHealth } from './worker-health.ts'

/** What is run: a topology, the tables of its stores, and what it has to say of itself. */
export interface Application {
  readonly topology: Topology
  /** The folders of its numbered SQL files. */
  readonly migrations: readonly string[]
  readonly observers: readonly WorkerObserver[]
  /** Written to the schema's `millrace_workers` every second. */
  readonly report: () => object
  /** What `GET /stream/worker` answers. */
  readonly answer: () => object
}

/** What follows the commits and makes them readable: Redis beside a server, memory when embedded. */
export interface RunningProjection {
  readonly observer: WorkerObserver
  /** Whether units leave word of their changes in the outbox. */
  readonly outbox: boolean
  readonly takeApplied: () => readonly number[]
  readonly stop: () => Promise<void>
}

export interface OpenWorkerOptions {
  readonly application: Application
  readonly config: Config
  readonly registry: Registry
  readonly logger: Logger
  readonly workerId: string
  readonly log: Log
  /** For commit units: its sessions end a transaction that stands still. */
  readonly units: Database
  /** For everything else. */
  readonly service: Database
  /** Where a watchdog writes down what stands still; undefined: the database is in this process. */
  readonly watchdogDatabase: WatchdogOptions['database']
  readonly openProjection: (schema: EngineSchema, pauses: Pauses) => RunningProjection
}

export interface RunningWorker {
  readonly health: WorkerHealth
  /** Rejects when the worker cannot go on. */
  readonly done: Promise<void>
  readonly stop: () => Promise<void>
}

/** A worker of an application on the log and the databases it is given; closes what it opened, in reverse order. */
export async function openWorker (options: OpenWorkerOptions): Promise<RunningWorker> {
  const { application: { topology, migrations, observers, report }, config, registry, logger, workerId, log, units, service, watchdogDatabase, openProjection } = options
  const applicationId = config.KAFKA_WORKER_GROUP_ID
  const pauses = new Pauses()
  const pauseLog = logPauses(pauses, logger)
  const closers: (() => Promise<void>)[] = [async () => pauseLog.stop()]
  const stop = async (): Promise<void> => {
    for (const close of closers.splice(0).toReversed()) await close()
  }
  try {
    const schema = await prepareSchema(service, config, migrations, logger)
    const projection = openProjection(schema, pauses)
    closers.push(projection.stop)
    closers.push(startReporting({ database: service, applicationId, workerId, status: report, logger }).stop)
    const health = createWorkerHealth(pauses)
    const pulse = new Pulse()
    const recordTimeoutMs = config.KAFKA_WORKER_RECORD_TIMEOUT_MS
    if (recordTimeoutMs > 0) closers.push(startWatchdog({ topology, schema, pulse, recordTimeoutMs, database: watchdogDatabase, logger }).stop)
    const worker = new Worker({
      topology,
      applicationId,
      log,
      state: openPostgresState({ database: units, schema, owner: workerId, projected: projection.outbox }),
      logger,
      offsetReset: config.KAFKA_WORKER_AUTO_OFFSET_RESET,
      outOfRange: config.KAFKA_WORKER_OFFSET_OUT_OF_RANGE,
      sessionTimeoutMs: config.KAFKA_SESSION_TIMEOUT_MS,
      stuckAfterMs: config.KAFKA_WORKER_STUCK_AFTER_MS,
      ...(config.KAFKA_GROUP_INSTANCE_ID === undefined ? {} : { groupInstanceId: config.KAFKA_GROUP_INSTANCE_ID }),
      maxUnitRecords: config.KAFKA_WORKER_MAX_POLL_RECORDS,
      unitIntervalMs: UNIT_INTERVAL_MS,
      maxRecordBytes: MAX_RECORD_BYTES,
      headerFamilies: { spring: config.KAFKA_WORKER_DLQ_SPRING_HEADERS, connect: config.KAFKA_WORKER_DLQ_CONNECT_HEADERS },
      pollTimeoutMs: config.KAFKA_WORKER_POLL_TIMEOUT_MS,
      now: Date.now,
      observers: [projection.observer, health.observer, ...observers, observeLog(logger), observeMetrics(topology, pauses, [registry])],
      pauses,
      pulse,
      takeApplied: projection.takeApplied
    })
    closers.push(async () => await worker.stop())
    await worker.start()
    return { health, done: worker.done, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Twenty units a second are soon enough for a change to be seen in well under a second; more would only cost round trips. */
const UNIT_INTERVAL_MS = 50

/** Below the broker's default limit of a megabyte, headers included. */
const MAX_RECORD_BYTES = 900_000

async function prepareSchema (database: Database, config: Config, migrations: readonly string[], logger: Logger): Promise<EngineSchema> {
  const applicationId = config.KAFKA_WORKER_GROUP_ID
  const schema = await ensureEngineSchema(database, applicationId)
  const applied: string[] = []
  for (const folder of migrations) applied.push(...await migrate(database, applicationId, folder))
  if (applied.length > 0) logger.info({ applied }, 'migrations applied')
  const role = config.DATABASE_READONLY_ROLE
  if (role !== undefined) {
    await database.query({ text: `grant usage on schema ${quote(applicationId)} to ${quote(role)}` })
    await database.query({ text: `grant select on all tables in schema ${quote(applicationId)} to ${quote(role)}` })
    // Also on those that are made later, for ordered stores.
    await database.query({ text: `alter default privileges in schema ${quote(applicationId)} grant select on tables to ${quote(role)}` })
  }
  return schema
}
