import { decodeConsumerProtocolAssignment, type ConsumerGroupJoinPayload, type heartbeatV4 } from '@platformatic/kafka'
import { setTimeout as sleep } from 'node:timers/promises'
import { LogError, type GroupMember, type GroupOptions, type TopicPartition } from '../log.ts'
import { matched } from '../together.ts'
import { commitOffsets, describeGroup, evictMembers } from './admin.ts'
import { backoffMs } from './backoff.ts'
import type { Cluster } from './cluster.ts'
import { hasProtocolError, toLogError } from './errors.ts'
import { heartbeatIntervalMs, Membership } from './membership.ts'
import { encodeHoldings, holdingsOf, nothingHeld } from './user-data.ts'

const leaveTimeoutMs = 3_000
/** A new partition is read at most so much later. Only the leader looks, with two small requests. */
const topicCheckMs = 5_000
const firstRejoinPauseMs = 60_000
/** Sessions without an answer until the connections are no longer believed in. */
const patienceSessions = 3

export interface GroupTuning {
  /** How often the leader looks for partitions that nobody has, since they were added later. */
  readonly topicCheckMs?: number
}

export interface JoiningMember {
  /** Left at any time, also before it has joined. */
  readonly member: GroupMember
  /** The first assignment was given, or can never be. */
  readonly joined: Promise<void>
}

/** Joins a group and stays in it, over outages and rebalances, until it leaves. */
export function joinKafkaGroup (cluster: Cluster, options: GroupOptions, tuning: GroupTuning = {}): JoiningMember {
  const member = new Member(cluster, options, tuning.topicCheckMs ?? topicCheckMs)
  return { member: membershipOf(member), joined: member.join() }
}

function membershipOf (member: Member): GroupMember {
  return {
    memberId: () => member.memberId,
    confirm: () => member.confirm(),
    commit: positions => member.commit(positions),
    leave: () => member.leave()
  }
}

/** One generation that we are in. */
interface Generation {
  readonly memberId: string
  readonly generation: number
  readonly isLeader: boolean
  readonly partitions: readonly TopicPartition[]
}

/**
 * joining: no generation, the first join or one after membership was lost · stable: heartbeats hold the generation ·
 * rejoining: the old generation holds until the group has a new one · silent: no heartbeat was answered for a session, so
 * the partitions may be somebody else's; an answer to the next one says that they are not · over: left or failed.
 */
type State = 'joining' | 'stable' | 'rejoining' | 'silent' | 'over'

class Member {
  readonly #cluster: Cluster
  readonly #options: GroupOptions
  readonly #topicCheckMs: number
  readonly #firstJoin = Promise.withResolvers<void>()
  #state: State = 'joining'
  #membership: Membership | undefined
  #current: Generation | undefined
  /** What was held last, also after it was lost: it makes the next assignment sticky. */
  #last: Generation | undefined
  #prepared: Generation | undefined
  #aliveAt = 0
  #hasJoined = false
  #isConnecting = false
  /** Until then a join request of a membership that we gave up may still reach the group, and take our instance id for itself. */
  #ghostsUntil = 0
  /** The topics that patterns matched when they were last looked for. */
  #found: readonly string[] = []
  #timers: NodeJS.Timeout[] = []
  #rejoinedFor = ''
  #rejoinAt = 0
  #rejoinPauseMs = firstRejoinPauseMs

  constructor (cluster: Cluster, options: GroupOptions, topicCheckMs: number) {
    this.#cluster = cluster
    this.#options = options
    this.#topicCheckMs = topicCheckMs
  }

  get memberId (): string {
    return this.#current?.memberId ?? this.#last?.memberId ?? ''
  }

  async join (): Promise<void> {
    const { sessionTimeoutMs } = this.#options
    this.#timers = [
      setInterval(() => this.#checkHeartbeats(), heartbeatIntervalMs(sessionTimeoutMs)),
      setInterval(() => { void this.#checkTopics() }, this.#topicCheckMs)
    ]
    void this.#connect()
    await this.#firstJoin.promise
  }

  /** Asks the coordinator, over connections where no parked join is in the way. */
  async confirm (): Promise<boolean> {
    const asked = this.#current
    if (asked === undefined || this.#state !== 'stable') return false
    const { groupId, instanceId, sessionTimeoutMs } = this.#options
    const deadline = Date.now() + sessionTimeoutMs
    for (let failures = 0; this.#holds(asked) && Date.now() < deadline; failures++) {
      try {
        await this.#cluster.requestCoordinator<Parameters<typeof heartbeatV4.createRequest>, heartbeatV4.HeartbeatResponse>(groupId, { api: 'Heartbeat', args: [groupId, asked.generation, asked.memberId, instanceId ?? null] })
        return this.#holds(asked)
      } catch (error) {
        // A refusal is an answer; only silence is worth asking again.
        if (hasProtocolError(error, 'REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID')) return false
        await sleep(backoffMs(failures))
      }
    }
    return false
  }

  async commit (offsets: readonly (TopicPartition & { readonly offset: number })[]): Promise<void> {
    const { groupId, instanceId } = this.#options
    const current = this.#current
    if (current === undefined) throw new LogError('outage', `Not a member of group ${groupId} now: its offsets are left alone.`)
    try {
      await commitOffsets(this.#cluster, { groupId, instanceId, generation: current.generation, memberId: current.memberId, offsets })
    } catch (error) {
      throw toLogError(error, `Committing offsets of group ${groupId}`)
    }
  }

  async leave (): Promise<void> {
    if (this.#state === 'over') return
    const { groupId, instanceId } = this.#options
    const memberId = this.#membership?.memberId ?? undefined
    this.#end()
    this.#firstJoin.reject(new LogError('outage', `Left group ${groupId} before it was joined.`))
    await this.#discard()
    // A static member goes without a word: its partitions wait for it.
    if (memberId !== undefined && instanceId === undefined) await within(leaveTimeoutMs, this.#sayGoodbye(memberId))
  }

  #holds (generation: Generation): boolean {
    return this.#current === generation && this.#state === 'stable'
  }

  /** Joins, with a new membership each time, until one holds; the client's own state after a failure is not to be relied on. */
  async #connect (): Promise<void> {
    this.#isConnecting = true
    for (let failures = 0; this.#isOn(); failures++) {
      if (!this.#hasJoined && await this.#lacksTopics()) return
      await this.#find()
      if (!this.#isOn()) return
      const membership = this.#openMembership()
      this.#membership = membership
      try {
        await membership.joinGroup({})
        this.#isConnecting = false
        return
      } catch (error) {
        if (this.#membership === membership) await this.#discard()
        if (!this.#isOn()) return
        const known = toLogError(error, `Joining group ${this.#options.groupId}`)
        if (known.kind === 'fatal') return this.#fail(known)
        this.#warn({ err: known }, 'The group cannot be joined now; tried again.')
        await sleep(backoffMs(failures))
      }
    }
  }

  #openMembership (): Membership {
    const membership: Membership = new Membership(this.#cluster, this.#options, this.#topics(), {
      joining: async () => {
        if (this.#membership === membership) await this.#prepare()
        await this.#find()
        membership.follow(this.#topics())
        const held = this.#last === undefined ? nothingHeld : holdingsOf(this.#last.generation, this.#last.partitions)
        return encodeHoldings({ ...held, patterns: this.#options.patterns?.map(({ id }) => id) ?? [] })
      },
      joined: payload => { if (this.#membership === membership) this.#onJoined(payload) },
      alive: sentAt => { if (this.#membership === membership) this.#onAlive(sentAt) },
      expelled: error => { if (this.#membership === membership) this.#onExpelled(error) },
      fenced: error => this.#membership !== membership || this.#onFenced(error),
      broken: error => { if (this.#membership === membership) this.#onBroken(error) }
    })
    membership.on('consumer:group:rebalance', () => { if (this.#membership === membership) this.#onRebalance() })
    return membership
  }

  /** The old generation is done with; called again when a join is tried again, and then there is nothing left to finish. */
  async #prepare (): Promise<void> {
    this.#onRebalance()
    const current = this.#current
    if (current === undefined || this.#prepared === current) return
    this.#prepared = current
    const isDone = await within(this.#options.sessionTimeoutMs * 2 / 3, this.#options.prepare())
    if (!isDone) this.#warn({ groupId: this.#options.groupId }, 'What was in flight is not finished before the rebalance; joining without waiting longer, else membership would be lost.')
  }

  #onJoined ({ memberId, generationId = -1, isLeader = false, assignments = [] }: ConsumerGroupJoinPayload): void {
    if (!this.#isOn()) return
    const partitions = assignments.flatMap(({ topic, partitions }) => partitions.map(partition => ({ topic, partition })))
    this.#current = this.#last = { memberId, generation: generationId, isLeader, partitions }
    this.#state = 'stable'
    this.#aliveAt = Date.now()
    this.#hasJoined = true
    this.#options.assigned(partitions)
    this.#firstJoin.resolve()
  }

  #onRebalance (): void {
    if (this.#state === 'stable') this.#state = 'rejoining'
  }

  #onExpelled (error: Error): void {
    this.#warn({ err: error }, 'The group has gone on without this member; joining again.')
    this.#lose('joining', `the group has gone on without this member (${error.message})`)
  }

  /** Says whether it is the end. */
  #onFenced (error: Error): boolean {
    const { groupId, instanceId } = this.#options
    if (this.#current !== undefined && Date.now() > this.#ghostsUntil) {
      this.#fail(toLogError(error, `Another process is ${instanceId} in group ${groupId}`))
      return true
    }
    this.#warn({ err: error }, 'Somebody else joined as this instance at the same time, perhaps a former try of ours; joining again.')
    this.#lose('joining', 'somebody else joined as this instance at the same time')
    return false
  }

  #onAlive (sentAt: number): void {
    this.#aliveAt = sentAt
    if (this.#state !== 'silent' || this.#last === undefined) return
    // The generation held all the time, so nobody was given our partitions.
    this.#current = this.#last
    this.#state = 'stable'
    this.#options.assigned(this.#current.partitions)
  }

  #onBroken (error: unknown): void {
    if (!this.#isOn() || this.#isConnecting) return
    const known = toLogError(error, `Staying in group ${this.#options.groupId}`)
    if (known.kind === 'fatal') return this.#fail(known)
    this.#warn({ err: known }, 'Membership is lost; joining again.')
    this.#lose('joining', known.message)
    void this.#startOver()
  }

  async #startOver (): Promise<void> {
    this.#isConnecting = true
    const memberId = this.#membership?.memberId ?? undefined
    await this.#discard()
    if (memberId !== undefined && this.#options.instanceId === undefined) void this.#sayGoodbye(memberId)
    await this.#connect()
  }

  /** Whatever the outcome, nothing is ours any more. */
  #lose (state: 'joining' | 'silent', reason: string): void {
    this.#state = state
    if (this.#current === undefined) return
    this.#current = undefined
    this.#options.assigned([], reason)
  }

  #checkHeartbeats (): void {
    const { sessionTimeoutMs } = this.#options
    const silence = Date.now() - this.#aliveAt
    if (this.#state === 'stable' && silence > sessionTimeoutMs) {
      this.#warn({ silence }, 'No heartbeat was answered for a session: partitions are given up until one is.')
      this.#lose('silent', 'no heartbeat was answered for a session')
    } else if (this.#state === 'silent' && silence > patienceSessions * sessionTimeoutMs) {
      this.#onBroken(new LogError('outage', `No heartbeat was answered for ${silence} ms`))
    }
  }

  /** Partitions that were added, and those of topics that came, are nobody's until the group rebalances, and the client does not look. */
  async #checkTopics (): Promise<void> {
    const current = this.#current
    if (current === undefined || !current.isLeader || !this.#holds(current)) return
    const orphans = await this.#orphans().catch(() => '')
    if (orphans === '' || !this.#holds(current)) return
    // The same set ever more seldom: a broker may not have known it yet, and what nobody wants must not keep the group rebalancing.
    if (orphans !== this.#rejoinedFor) this.#rejoinPauseMs = firstRejoinPauseMs
    else if (performance.now() < this.#rejoinAt) return
    this.#rejoinedFor = orphans
    this.#rejoinAt = performance.now() + this.#rejoinPauseMs
    this.#rejoinPauseMs *= 2
    this.#onRebalance()
    await this.#membership?.joinGroup({}).catch((error: unknown) => this.#onBroken(error))
  }

  async #orphans (): Promise<string> {
    const { groupId, patterns } = this.#options
    await this.#find()
    const [view, group] = await Promise.all([this.#cluster.view(this.#topics()), describeGroup(this.#cluster, groupId)])
    if (group === undefined || group.groupState.toLowerCase() !== 'stable') return ''
    const assigned = new Set(group.members.flatMap(({ memberAssignment }) =>
      decodeConsumerProtocolAssignment(memberAssignment).assignedPartitions.flatMap(({ topic, partitions }) => partitions.map(partition => `${topic}/${partition}`))))
    const existing = [...view.topics].flatMap(([topic, { leaders }]) => [...leaders.keys()].map(partition => `${topic}/${partition}`))
    const gone = [...assigned].filter(partition => matched(patterns, [partition.slice(0, partition.lastIndexOf('/'))]).length > 0 && !existing.includes(partition))
    return [...existing.filter(partition => !assigned.has(partition)), ...gone].join(' ')
  }

  #topics (): string[] {
    return [...new Set([...this.#options.topics, ...this.#found])]
  }

  /** While nobody answers, what was found before stands. */
  async #find (): Promise<void> {
    const { patterns = [] } = this.#options
    if (patterns.length > 0) this.#found = matched(patterns, await this.#cluster.topicNames().catch(() => this.#found))
  }

  /** On the first join a missing topic is told at once; later it is waited for. */
  async #lacksTopics (): Promise<boolean> {
    const view = await this.#cluster.view(this.#options.topics).catch(() => undefined)
    const missing = this.#options.topics.filter(topic => view !== undefined && !view.topics.has(topic))
    if (missing.length === 0) return false
    this.#end()
    this.#firstJoin.reject(new LogError('outage', `Group ${this.#options.groupId} cannot be joined: topic ${missing.join(', ')} does not exist; create it first.`))
    return true
  }

  #fail (error: LogError): void {
    if (!this.#isOn()) return
    const isFirst = !this.#hasJoined
    if (this.#current !== undefined) this.#lose('joining', error.message)
    this.#end()
    void this.#discard()
    if (isFirst) this.#firstJoin.reject(error)
    else this.#options.failed(error)
  }

  #isOn (): boolean {
    return this.#state !== 'over'
  }

  #end (): void {
    this.#state = 'over'
    this.#current = undefined
    for (const timer of this.#timers) clearInterval(timer)
  }

  async #discard (): Promise<void> {
    const membership = this.#membership
    this.#membership = undefined
    this.#ghostsUntil = Date.now() + this.#options.sessionTimeoutMs
    if (membership !== undefined) await within(leaveTimeoutMs, membership.close(true))
  }

  async #sayGoodbye (memberId: string): Promise<void> {
    // If it does not get through, the session timeout says it for us.
    await evictMembers(this.#cluster, this.#options.groupId, [memberId]).catch(() => {})
  }

  #warn (fields: object, message: string): void {
    this.#cluster.options.logger?.warn({ groupId: this.#options.groupId, ...fields }, message)
  }
}

/** Waits for the work, but not for ever; says whether it was done. A rejection counts as done: it will not get further. */
async function within (ms: number, work: Promise<void>): Promise<boolean> {
  const timeout = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => timeout.resolve(false), ms)
  const isDone = await Promise.race([work.then(() => true, () => true), timeout.promise])
  clearTimeout(timer)
  return isDone
}
