import {
  Base, ConnectionPool, kGetApi, parseBroker,
  type API, type Broker, type ConnectionOptions, type findCoordinatorV6, type metadataV12, type SASLOptions
} from '@platformatic/kafka'
import { setTimeout as sleep } from 'node:timers/promises'
import { LogError } from '../log.ts'
import { backoffMs } from './backoff.ts'
import { hasProtocolError, responseOf, toLogError } from './errors.ts'

/** Where trouble that mends itself is told; a pino logger fits. */
export interface LogLogger {
  readonly warn: (fields: object, message: string) => void
}

export interface KafkaOptions {
  /** `host:port` of some brokers; the others are found through them. */
  readonly brokers: readonly string[]
  readonly clientId: string
  readonly tls?: NonNullable<ConnectionOptions['tls']>
  /** Tells each broker, in the TLS handshake, by which host name it is asked; hosts must then be names, not addresses. */
  readonly namesServer?: boolean
  readonly sasl?: SASLOptions
  readonly logger?: LogLogger
}

export interface TopicView {
  readonly id: string
  /** The leader of each partition, −1 where there is none. */
  readonly leaders: readonly number[]
}

export interface ClusterView {
  readonly brokers: ReadonlyMap<number, Broker>
  readonly controllerId: number
  readonly clusterId: string
  /** Only those that exist. */
  readonly topics: ReadonlyMap<string, TopicView>
}

/** What one request is called and given. */
export interface Request<Args extends unknown[]> {
  readonly api: string
  readonly args: Args
}

const requestTimeoutMs = 30_000
const groupKey = 0
const groupIsUnknownYet = ['COORDINATOR_NOT_AVAILABLE', 'COORDINATOR_LOAD_IN_PROGRESS', 'NOT_COORDINATOR']
const retryable = [
  ...groupIsUnknownYet, 'NOT_LEADER_OR_FOLLOWER', 'LEADER_NOT_AVAILABLE', 'UNKNOWN_LEADER_EPOCH', 'FENCED_LEADER_EPOCH', 'NOT_CONTROLLER',
  'REQUEST_TIMED_OUT', 'NETWORK_EXCEPTION', 'REPLICA_NOT_AVAILABLE', 'OFFSET_NOT_AVAILABLE', 'KAFKA_STORAGE_ERROR', 'UNSTABLE_OFFSET_COMMIT', 'THROTTLING_QUOTA_EXCEEDED'
]

/** Connections to a cluster, and single requests on them. Nothing here retries, but for `retrying`. */
export class Cluster {
  readonly options: KafkaOptions
  readonly #client: Base
  readonly #bootstrap: readonly Broker[]
  readonly #coordinators = new Map<string, Broker>()
  #known: readonly Broker[] = []
  #rotation = 0

  constructor (options: KafkaOptions) {
    this.options = options
    this.#client = new Base({ ...this.clientOptions('control'), retries: 0 })
    this.#bootstrap = options.brokers.map(broker => parseBroker(broker))
  }

  /** What every client of the library is built with. */
  clientOptions (role: string): { clientId: string, bootstrapBrokers: string[] } & ConnectionOptions {
    return { ...this.connectionOptions(), clientId: `${this.options.clientId}-${role}`, bootstrapBrokers: [...this.options.brokers] }
  }

  connectionOptions (timeoutMs = requestTimeoutMs): ConnectionOptions {
    const { tls, namesServer = false, sasl } = this.options
    return { requestTimeout: timeoutMs, ...tls && { tls, tlsServerName: namesServer }, ...sasl && { sasl } }
  }

  /** Connections of their own, so that a long poll or a parked join holds nobody else up. */
  openPool (role: string, timeoutMs?: number): ConnectionPool {
    return new ConnectionPool(`${this.options.clientId}-${role}`, this.connectionOptions(timeoutMs))
  }

  /** Who leads what now. A topic that does not exist is not in it. */
  async view (topics: readonly string[]): Promise<ClusterView> {
    const answer = await this.#metadata(topics)
    const brokers = new Map(answer.brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]))
    this.#known = [...brokers.values()]
    return { brokers, controllerId: answer.controllerId, clusterId: answer.clusterId ?? '', topics: topicsOf(answer) }
  }

  /** All that may be seen, but for the cluster's own. */
  async topicNames (): Promise<string[]> {
    const { topics } = await this.#metadata(null)
    return topics.flatMap(({ errorCode, name, isInternal }) => errorCode !== 0 || name == null || isInternal ? [] : [name])
  }

  async request<Args extends unknown[], Answer> (broker: Broker, { api, args }: Request<Args>, pool: ConnectionPool = this.#client.connections): Promise<Answer> {
    const connection = await pool.get(broker)
    return (await this.api<Args, Answer>(api)).async(connection, ...args)
  }

  /** For requests that any broker can answer. */
  async requestAny<Args extends unknown[], Answer> ({ api, args }: Request<Args>): Promise<Answer> {
    const connection = await this.#client.connections.getFirstAvailable(this.#anyBroker())
    try {
      return await (await this.api<Args, Answer>(api)).async(connection, ...args)
    } catch (error) {
      // It may be hanging: the next question starts at another one.
      this.#rotation++
      throw error
    }
  }

  /** To the group's coordinator, which is looked for again after it refused. */
  async requestCoordinator<Args extends unknown[], Answer> (groupId: string, request: Request<Args>): Promise<Answer> {
    try {
      return await this.request<Args, Answer>(await this.#coordinatorOf(groupId), request)
    } catch (error) {
      if (hasProtocolError(error, ...groupIsUnknownYet) || responseOf(error) === undefined) this.#coordinators.delete(groupId)
      throw error
    }
  }

  /** The newest version of an API that both sides speak. */
  api<Args extends unknown[], Answer> (name: string): Promise<API<Args, Answer>> {
    return new Promise((resolve, reject) => {
      this.#client[kGetApi]<Args, Answer>(name, (error, api) => {
        if (api === undefined) reject(error ?? new LogError('fatal', `The brokers do not speak ${name}.`))
        else resolve(api)
      })
    })
  }

  async close (): Promise<void> {
    await this.#client.close()
  }

  /** null: of all topics. */
  async #metadata (topics: readonly string[] | null): Promise<metadataV12.MetadataResponse> {
    try {
      return await this.requestAny<[string[] | null, boolean, boolean], metadataV12.MetadataResponse>({ api: 'Metadata', args: [topics && [...topics], false, false] })
    } catch (error) {
      const answer = responseOf(error)
      if (answer === undefined) throw error
      // The response of a Metadata request, whose topics carry their errors themselves.
      return answer as metadataV12.MetadataResponse
    }
  }

  async #coordinatorOf (groupId: string): Promise<Broker> {
    const cached = this.#coordinators.get(groupId)
    if (cached !== undefined) return cached
    const { coordinators } = await this.requestAny<[number, string[]], findCoordinatorV6.FindCoordinatorResponse>({ api: 'FindCoordinator', args: [groupKey, [groupId]] })
    const found = coordinators[0]
    if (found === undefined) throw new LogError('outage', `The cluster names no coordinator for group ${groupId}.`)
    const broker = { host: found.host, port: found.port }
    this.#coordinators.set(groupId, broker)
    return broker
  }

  #anyBroker (): Broker[] {
    const brokers = [...this.#bootstrap, ...this.#known]
    const first = this.#rotation % brokers.length
    return [...brokers.slice(first), ...brokers.slice(0, first)]
  }
}

/** Tries a few times over what a moving cluster refuses, for about two seconds; then it is the caller's to decide. */
export async function retrying<T> (doing: string, operation: () => Promise<T>): Promise<T> {
  for (let failures = 0; ; failures++) {
    try {
      return await operation()
    } catch (error) {
      const worthIt = responseOf(error) === undefined || hasProtocolError(error, ...retryable)
      const known = toLogError(error, doing)
      if (failures === 4 || known.kind !== 'outage' || !worthIt) throw known
      await sleep(backoffMs(failures))
    }
  }
}

function topicsOf ({ topics }: metadataV12.MetadataResponse): Map<string, TopicView> {
  const views = new Map<string, TopicView>()
  for (const { errorCode, name, topicId, partitions } of topics) {
    if (errorCode !== 0 || name == null) continue
    const leaders: number[] = Array.from<number>({ length: partitions.length }).fill(-1)
    for (const { partitionIndex, leaderId } of partitions) leaders[partitionIndex] = leaderId
    views.set(name, { id: topicId, leaders })
  }
  return views
}
