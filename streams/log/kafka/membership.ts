import {
  Consumer, kGetApi,
  type API, type Callback, type ClusterMetadata, type ConsumerGroupJoinPayload, type ExtendedGroupProtocolSubscription, type GroupPartitionsAssignments
} from '@platformatic/kafka'
import { assignPartitions } from '../assignor.ts'
import type { GroupOptions } from '../log.ts'
import { matched, namedTogether } from '../together.ts'
import { backoffMs } from './backoff.ts'
import type { Cluster } from './cluster.ts'
import { hasProtocolError } from './errors.ts'
import { decodeHoldings } from './user-data.ts'

/** What a membership tells its owner. */
export interface MembershipEvents {
  /** Awaited before each JoinGroup; what it resolves to goes to the group's leader. */
  readonly joining: () => Promise<Buffer>
  readonly joined: (payload: ConsumerGroupJoinPayload) => void
  /** A heartbeat was answered well; it was sent at this time. */
  readonly alive: (sentAt: number) => void
  /** The group goes on without us; the client joins again by itself. */
  readonly expelled: (error: Error) => void
  /** Another one has our instance id. True: that is the end, and the client is to do nothing more; else it joins again. */
  readonly fenced: (error: Error) => boolean
  /** The client gave up. */
  readonly broken: (error: unknown) => void
}

const protocol = { name: 'millrace', version: 0 } as const
const watched = new Set(['Heartbeat', 'JoinGroup', 'SyncGroup'])

/** The client's group membership (classic protocol, eager), with what it hides made known and its dangers taken out. */
export class Membership extends Consumer {
  readonly #events: MembershipEvents

  /** `topics`: all that are read, also those that patterns have found. */
  constructor (cluster: Cluster, options: GroupOptions, topics: readonly string[], events: MembershipEvents) {
    const rebalanceTimeout = Math.max(options.rebalanceTimeoutMs, options.sessionTimeoutMs)
    super({
      ...cluster.clientOptions('group'),
      groupId: options.groupId,
      ...options.instanceId !== undefined && { groupInstanceId: options.instanceId },
      autocommit: false,
      sessionTimeout: options.sessionTimeoutMs,
      rebalanceTimeout,
      heartbeatInterval: heartbeatIntervalMs(options.sessionTimeoutMs),
      // JoinGroup is parked as long as the rebalance takes; a shorter limit would cut the connection and join twice.
      requestTimeout: rebalanceTimeout + 10_000,
      protocols: [protocol],
      protocolsMetadata: () => events.joining(),
      partitionAssigner: (_leader, members, _topics, metadata) => assign(options, members, metadata),
      retries: 3,
      retryDelay: (_client, _operation, attempt) => backoffMs(attempt, { most: 500 }),
      // A join asks for the metadata anew; otherwise the assigner would not see partitions that were just added.
      metadataMaxAge: 1_000
    })
    this.#events = events
    this.topics.trackAll(...topics)
    this.on('consumer:group:join', payload => events.joined(payload))
    // Without a listener the process would die of it.
    this.on('error', (error: unknown) => events.broken(error))
  }

  /** From the next join on these are the topics that are read. */
  follow (topics: readonly string[]): void {
    this.topics.untrackAll(...this.topics.current.filter(topic => !topics.includes(topic)))
    this.topics.trackAll(...topics.filter(topic => !this.topics.current.includes(topic)))
  }

  /** All requests pass here: the only place where their outcomes can be seen before the client acts on them. */
  override [kGetApi]<Args extends unknown[], Answer> (name: string, callback: Callback<API<Args, Answer>>): void {
    super[kGetApi]<Args, Answer>(name, (error, api) => {
      if (api === undefined || error !== null) callback(error, api)
      else if (name === 'LeaveGroup') callback(null, silenced(api))
      else callback(null, watched.has(name) ? this.#watch(name, api) : api)
    })
  }

  #watch<Args extends unknown[], Answer> (name: string, api: API<Args, Answer>): API<Args, Answer> {
    const watching = (...given: Parameters<typeof api>): void => {
      const sentAt = Date.now()
      const answered = given.at(-1)
      const request = given.slice(0, -1)
      Reflect.apply(api, undefined, [...request, (error: Error | null, answer?: Answer) => {
        if (error !== null && hasProtocolError(error, 'FENCED_INSTANCE_ID') && this.#events.fenced(error)) return
        if (name === 'Heartbeat') this.#onHeartbeat(error, sentAt)
        if (typeof answered === 'function') Reflect.apply(answered, undefined, [error, answer])
      }])
    }
    // The same call, watched: what else an API carries is copied.
    return Object.assign(watching, { async: api.async, key: api.key, version: api.version }) as API<Args, Answer>
  }

  #onHeartbeat (error: Error | null, sentAt: number): void {
    if (error === null) this.#events.alive(sentAt)
    else if (hasProtocolError(error, 'UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION')) this.#events.expelled(error)
  }
}

export function heartbeatIntervalMs (sessionTimeoutMs: number): number {
  return Math.min(3_000, Math.max(200, Math.round(sessionTimeoutMs / 10)))
}

/** The client leaves whenever it closes, and waits for a parked join to do so. Who leaves, and how, is ours to say. */
function silenced<Args extends unknown[], Answer> (api: API<Args, Answer>): API<Args, Answer> {
  const silent = (...given: Parameters<typeof api>): void => {
    const answered = given.at(-1)
    if (typeof answered === 'function') Reflect.apply(answered, undefined, [null, { throttleTimeMs: 0, errorCode: 0, members: [] }])
  }
  // The same shape as the API it stands for.
  return Object.assign(silent, { async: api.async, key: api.key, version: api.version }) as API<Args, Answer>
}

/** Must not throw: the client would not catch it. */
function assign ({ together, patterns = [] }: GroupOptions, members: ReadonlyMap<string, ExtendedGroupProtocolSubscription>, metadata: ClusterMetadata): GroupPartitionsAssignments[] {
  const partitionCounts = new Map([...metadata.topics].map(([topic, view]) => [topic, view?.partitionsCount ?? 0]))
  const existing = [...partitionCounts.keys()]
  const candidates = [...members].map(([memberId, { topics, metadata: userData }]) => {
    const { generation, owned, patterns: ids } = decodeHoldings(userData)
    // A topic that was made just now one member may have seen and another not: who reads by its pattern reads it.
    return { memberId, topics: new Set([...topics ?? [], ...matched(patterns.filter(({ id }) => ids.includes(id)), existing)]), generation, owned }
  })
  const assignment = assignPartitions({ candidates, partitionCounts, together: namedTogether(together, existing) })
  return [...assignment].map(([memberId, topics]) => ({
    memberId,
    assignments: new Map([...topics].map(([topic, partitions]) => [topic, { topic, partitions: [...partitions] }]))
  }))
}
