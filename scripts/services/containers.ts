import { freePort } from './processes.ts'
import type { ServiceName } from './state.ts'

export interface Containers {
  readonly addresses: Readonly<Record<ServiceName, string>>
  readonly stop: () => Promise<void>
}

/** Whether a Docker engine answers. One that accepts and stays silent counts as none: hence the timer. */
export async function engineAnswers (timeoutMs = 3_000): Promise<boolean> {
  const { promise: timeUp, resolve } = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => resolve(false), timeoutMs)
  try {
    // Imported late: on an old Node the import itself throws, and most runs need no containers.
    const { getContainerRuntimeClient } = await import('testcontainers')
    return await Promise.race([getContainerRuntimeClient().then(() => true, () => false), timeUp])
  } catch {
    return false
  } finally {
    clearTimeout(timer)
  }
}

/** The three services in containers; testcontainers removes them when this process ends. */
export async function startContainers (): Promise<Containers> {
  const { GenericContainer, Wait } = await import('testcontainers')
  // A broker tells clients its address, so the port outside must be known before the start.
  const kafkaPort = await freePort()
  const [kafka, redis, postgres] = await Promise.all([
    new GenericContainer('apache/kafka:4.1.2')
      .withExposedPorts({ container: kafkaPort, host: kafkaPort })
      .withEnvironment(brokerEnvironment(kafkaPort))
      .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
      .start(),
    new GenericContainer('redis:7.4-alpine')
      .withExposedPorts(6379)
      .withCommand(['redis-server', '--save', '', '--appendonly', 'no'])
      .start(),
    new GenericContainer('postgres:17-alpine')
      .withExposedPorts(5432)
      .withEnvironment({ POSTGRES_PASSWORD: 'postgres' })
      .withCommand(['postgres', '-c', 'max_connections=200', '-c', 'wal_level=logical', '-c', 'fsync=off'])
      // The image starts the server twice: once for itself, to initialise.
      .withWaitStrategy(Wait.forLogMessage(/ready to accept connections/, 2))
      .start()
  ])
  return {
    addresses: {
      kafka: `${kafka.getHost()}:${kafkaPort}`,
      redis: `redis://${redis.getHost()}:${redis.getMappedPort(6379)}`,
      postgres: `postgres://postgres:postgres@${postgres.getHost()}:${postgres.getMappedPort(5432)}/postgres`
    },
    stop: async () => { await Promise.all([kafka, redis, postgres].map(container => container.stop())) }
  }
}

function brokerEnvironment (port: number): Record<string, string> {
  return {
    KAFKA_NODE_ID: '1',
    KAFKA_PROCESS_ROLES: 'broker,controller',
    KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
    KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
    KAFKA_LISTENERS: `PLAINTEXT://0.0.0.0:${port},CONTROLLER://localhost:9093`,
    KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://localhost:${port}`,
    KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
    KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS: '1',
    KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
    KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
    KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
    KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS: '500',
    KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
    KAFKA_LOG_RETENTION_MS: '-1'
  }
}
