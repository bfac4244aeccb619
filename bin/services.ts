import { randomUUID } from 'node:crypto'
import type { Registry } from 'prom-client'
import { isOutage } from '../stores/read-query.ts'
import { FatalError, LogError, messageOf, type Logger } from '../streams/index.ts'
import { openPostgres, openRedisProjection, Projector, type EngineSchema, type Pauses, type RedisClient } from '../streams/runtime.ts'
import type { Topology } from '../streams/index.ts'
import type { Config } from './config.ts'
import { addressOf } from './addresses.ts'
import { openKafka } from './kafka.ts'
import { openWorker, type Application, type RunningProjection, type RunningWorker } from './open-worker.ts'
import { openRedis, redisAddressOf } from './redis.ts'
import { checkRedis } from './redis-check.ts'
import { kafkaRefusal, postgresRefusal } from './refusals.ts'

export interface ServiceWorkerOptions {
  readonly application: Application
  readonly config: Config
  readonly registry: Registry
  readonly logger: Logger
}

/** A worker on the Kafka, Postgres and Redis of the environment. */
export async function openServiceWorker ({ application, config, registry, logger }: ServiceWorkerOptions): Promise<RunningWorker> {
  const applicationId = config.KAFKA_WORKER_GROUP_ID
  // A transaction that stands still for as long as a session may is a frozen worker's.
  const timeoutMs = Math.floor(config.KAFKA_SESSION_TIMEOUT_MS * 0.9)
  const units = openPostgres({
    url: config.DATABASE_URL, applicationName: `millrace ${applicationId}`, maxConnections: 4, idleInTransactionTimeoutMs: timeoutMs, lockTimeoutMs: timeoutMs, byIndex: true
  })
  const service = openPostgres({
    url: config.DATABASE_URL, applicationName: `millrace ${applicationId} service`, maxConnections: 4, idleInTransactionTimeoutMs: SERVICE_IDLE_MS
  })
  const log = openKafka({ bootstrap: config.KAFKA_BOOTSTRAP, security: config, clientId: `millrace-${applicationId}`, logger })
  const redisAddress = redisAddressOf(config)
  const redis = openRedis(redisAddress)
  const close = async (): Promise<void> => {
    redis.disconnect()
    await log.close()
    await service.close()
    await units.close()
  }
  try {
    await checkRedis(redisAddress)
    const worker = await openWorker({
      application,
      config,
      registry,
      logger,
      workerId: config.KAFKA_GROUP_INSTANCE_ID ?? randomUUID(),
      log,
      units,
      service,
      watchdogDatabase: { url: config.DATABASE_URL },
      openProjection: (schema, pauses) => followWithRedis({ redis, schema, topology: application.topology, config, logger, pauses, service })
    })
    return {
      ...worker,
      async stop () {
        await worker.stop()
        await close()
      }
    }
  } catch (error) {
    await close()
    throw explained(error, config)
  }
}

/** Outbox rows are locked while Redis is told of them, which gives up after five seconds. */
const SERVICE_IDLE_MS = 15_000

function explained (error: unknown, { KAFKA_BOOTSTRAP: bootstrap, DATABASE_URL: url }: Config): unknown {
  const refusal = error instanceof LogError ? kafkaRefusal(error, bootstrap) : postgresRefusal(error, 'DATABASE_URL', url)
  if (refusal !== undefined) return new FatalError(refusal, { cause: error })
  // Without a cause it is no failed request, but something that is missing there, and says so.
  if (error instanceof LogError && error.kind === 'outage' && error.cause !== undefined) {
    return new FatalError(`Kafka does not answer at ${bootstrap} (${messageOf(error)}); start it, or set KAFKA_BOOTSTRAP and KAFKA_SECURITY_PROTOCOL.`, { cause: error })
  }
  if (!isOutage(error)) return error
  return new FatalError(`Postgres does not answer at ${addressOf(url, 'DATABASE_URL')} (${messageOf(error)}); start it, or set DATABASE_URL.`, { cause: error })
}

interface RedisFollower {
  readonly redis: RedisClient
  readonly schema: EngineSchema
  readonly topology: Topology
  readonly config: Config
  readonly logger: Logger
  readonly pauses: Pauses
  readonly service: ReturnType<typeof openPostgres>
}

function followWithRedis ({ redis, schema: { applicationId, generation }, topology, config, logger, pauses, service }: RedisFollower): RunningProjection {
  const projector = new Projector({
    projection: openRedisProjection({ redis, applicationId, generation, shards: config.REDIS_SHARDS }),
    database: service,
    applicationId,
    generation,
    stores: topology.stores,
    logger,
    pauses
  })
  projector.start()
  return {
    outbox: true,
    takeApplied: () => projector.takeApplied(),
    stop: async () => await projector.stop(),
    observer: {
      assigned () {},
      committed (_unit, { changes, positions, outboxId }) {
        if (outboxId === undefined) return
        projector.committed({ changes, outboxId, tasks: positions.map(({ subTopology, partition, unit }) => [`${subTopology}/${partition}`, unit]) })
      }
    }
  }
}
