import { randomUUID } from 'node:crypto'
import type { Registry } from 'prom-client'
import { isOutage } from '../stores/read-query.ts'
import { FatalError, messageOf, type Logger } from '../streams/index.ts'
import { openKafkaLog, openPostgres, openRedisProjection, Projector, type EngineSchema, type RedisClient } from '../streams/runtime.ts'
import type { Topology } from '../streams/index.ts'
import type { Config } from './config.ts'
import { openRedis } from './redis.ts'
import { openWorker, type Application, type RunningProjection, type RunningWorker } from './open-worker.ts'

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
    url: config.DATABASE_URL, applicationName: `millrace ${applicationId}`, maxConnections: 4, idleInTransactionTimeoutMs: timeoutMs, lockTimeoutMs: timeoutMs
  })
  const service = openPostgres({ url: config.DATABASE_URL, applicationName: `millrace ${applicationId} service`, maxConnections: 4 })
  const log = openKafkaLog({ brokers: config.KAFKA_BOOTSTRAP.split(','), clientId: `millrace-${applicationId}`, logger })
  const redis = openRedis({ url: config.REDIS_URL, cluster: config.REDIS_CLUSTER })
  const close = async (): Promise<void> => {
    redis.disconnect()
    await log.close()
    await service.close()
    await units.close()
  }
  try {
    const worker = await openWorker({
      application,
      config,
      registry,
      logger,
      workerId: config.KAFKA_GROUP_INSTANCE_ID ?? randomUUID(),
      log,
      units,
      service,
      openProjection: schema => followWithRedis({ redis, schema, topology: application.topology, config, logger, service })
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
    throw isOutage(error) ? new FatalError(`Postgres does not answer at ${hostOf(config.DATABASE_URL)} (${messageOf(error)}); start it, or set DATABASE_URL.`, { cause: error }) : error
  }
}

/** Without user and password: messages end up in logs. */
function hostOf (url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'the address in DATABASE_URL'
}

interface RedisFollower {
  readonly redis: RedisClient
  readonly schema: EngineSchema
  readonly topology: Topology
  readonly config: Config
  readonly logger: Logger
  readonly service: ReturnType<typeof openPostgres>
}

function followWithRedis ({ redis, schema: { applicationId, generation }, topology, config, logger, service }: RedisFollower): RunningProjection {
  const projector = new Projector({
    projection: openRedisProjection({ redis, applicationId, generation, shards: config.REDIS_SHARDS }),
    database: service,
    applicationId,
    generation,
    stores: topology.stores,
    logger
  })
  projector.start()
  return {
    outbox: true,
    takeApplied: () => projector.takeApplied(),
    stop: async () => await projector.stop(),
    observer: {
      assigned () {},
      waiting () {},
      committed (_unit, { changes, positions, outboxId }) {
        if (outboxId === undefined) return
        projector.committed({ changes, outboxId, tasks: positions.map(({ subTopology, partition, unit }) => [`${subTopology}/${partition}`, unit]) })
      }
    }
  }
}
