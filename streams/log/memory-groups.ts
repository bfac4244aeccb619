import { assignPartitions, type Candidate } from './assignor.ts'
import { matched, namedTogether } from './together.ts'
import { LogError, type GroupMember, type GroupMemberInfo, type GroupOptions, type TopicPartition } from './log.ts'
import type { MemoryTopics } from './memory-topics.ts'

type PartitionOffset = TopicPartition & { readonly offset: number }

/** The consumer groups of an in-memory log. */
export class MemoryGroups {
  readonly #topics: MemoryTopics
  readonly #groups = new Map<string, MemoryGroup>()

  constructor (topics: MemoryTopics) {
    this.#topics = topics
  }

  join (options: GroupOptions): Promise<GroupMember> {
    const group = this.#groups.get(options.groupId) ?? new MemoryGroup(options.groupId, this.#topics)
    this.#groups.set(options.groupId, group)
    return group.join(options)
  }

  offsets (groupId: string): readonly PartitionOffset[] {
    return this.#groups.get(groupId)?.offsets() ?? []
  }

  setOffsets (groupId: string, offsets: readonly PartitionOffset[]): void {
    const group = this.#groups.get(groupId) ?? new MemoryGroup(groupId, this.#topics)
    this.#groups.set(groupId, group)
    group.setOffsets(offsets)
  }

  members (groupId: string): readonly GroupMemberInfo[] {
    return this.#groups.get(groupId)?.memberIds().map(memberId => ({ memberId, clientId: 'memory', host: 'localhost' })) ?? []
  }

  async evict (groupId: string, memberIds: readonly string[]): Promise<void> {
    await this.#groups.get(groupId)?.evict(memberIds)
  }

  /** Topics came or grew: those who wait for them share anew. */
  onTopicsChanged (): void {
    for (const group of this.#groups.values()) group.onTopicsChanged()
  }

  async close (): Promise<void> {
    await Promise.all([...this.#groups.values()].map(group => group.close()))
  }
}

interface Member {
  memberId: string
  readonly options: GroupOptions
  readonly joined: PromiseWithResolvers<void>
  owned: readonly TopicPartition[]
  /** The generation that gave it `owned`; −1 before the first and after an eviction. */
  generation: number
}

class MemoryGroup {
  readonly #groupId: string
  readonly #topics: MemoryTopics
  readonly #offsets = new Map<string, PartitionOffset>()
  readonly #members = new Set<Member>()
  #generation = 0
  #joins = 0
  /** The rebalance that runs, and whether another one must follow since the group changed meanwhile. */
  #rebalance: Promise<void> | undefined
  #isDirty = false

  constructor (groupId: string, topics: MemoryTopics) {
    this.#groupId = groupId
    this.#topics = topics
  }

  async join (options: GroupOptions): Promise<GroupMember> {
    const missing = options.topics.filter(topic => !this.#topics.counts([topic]).has(topic))
    if (missing.length > 0) throw new LogError('outage', `Group ${this.#groupId} cannot be joined: topic ${missing.join(', ')} does not exist; create it first.`)
    this.#fence(options.instanceId)
    const member: Member = { memberId: this.#nextId(options), options, joined: Promise.withResolvers(), owned: [], generation: -1 }
    this.#members.add(member)
    this.#change()
    await member.joined.promise
    return {
      memberId: () => member.memberId,
      confirm: async () => {
        // Asked from within `assigned`, the rebalance is not over yet.
        await new Promise(resolve => setImmediate(resolve))
        return this.#rebalance === undefined && this.#isCurrent(member)
      },
      commit: async positions => this.#commit(member, positions),
      leave: () => this.#leave(member)
    }
  }

  offsets (): readonly PartitionOffset[] {
    return [...this.#offsets.values()]
  }

  setOffsets (offsets: readonly PartitionOffset[]): void {
    if (this.#members.size > 0) throw new LogError('fatal', `Group ${this.#groupId} has members: stop them, then set its offsets.`)
    this.#store(offsets)
  }

  memberIds (): readonly string[] {
    return [...this.#members].map(({ memberId }) => memberId)
  }

  /** As on Kafka, an evicted member that still runs finds itself out and joins again under another id. */
  async evict (memberIds: readonly string[]): Promise<void> {
    const evicted = [...this.#members].filter(({ memberId }) => memberIds.includes(memberId))
    for (const member of evicted) {
      member.memberId = this.#nextId(member.options)
      this.#lose(member)
    }
    if (evicted.length > 0) this.#change()
    await this.#rebalance
  }

  onTopicsChanged (): void {
    const held = [...this.#members].reduce((sum, { owned }) => sum + owned.length, 0)
    const existing = [...this.#counts().values()].reduce((sum, count) => sum + count, 0)
    if (this.#members.size > 0 && held !== existing) this.#change()
  }

  async close (): Promise<void> {
    await Promise.all([...this.#members].map(member => this.#leave(member)))
  }

  async #leave (member: Member): Promise<void> {
    if (!this.#members.delete(member)) return
    member.joined.reject(new LogError('outage', `Left group ${this.#groupId} before it was joined.`))
    // Nobody waits for it as for one on Kafka: the process that it ran in is this one.
    this.#change()
  }

  #commit (member: Member, positions: readonly PartitionOffset[]): void {
    if (!this.#isCurrent(member)) throw new LogError('outage', `Not a member of group ${this.#groupId} now: its offsets are left alone.`)
    this.#store(positions)
  }

  #store (offsets: readonly PartitionOffset[]): void {
    for (const { topic, partition, offset } of offsets) this.#offsets.set(`${topic}/${partition}`, { topic, partition, offset })
  }

  #fence (instanceId: string | undefined): void {
    const fenced = [...this.#members].find(({ options }) => instanceId !== undefined && options.instanceId === instanceId)
    if (fenced === undefined) return
    this.#members.delete(fenced)
    this.#lose(fenced)
    fenced.options.failed(new LogError('fatal', `Another process is ${instanceId} in group ${this.#groupId}.`))
  }

  #lose (member: Member): void {
    const hadGeneration = member.generation >= 0
    member.generation = -1
    member.owned = []
    if (hadGeneration) member.options.assigned([])
  }

  #nextId ({ instanceId = 'member' }: GroupOptions): string {
    return `${instanceId}-${String(++this.#joins).padStart(4, '0')}`
  }

  #isCurrent (member: Member): boolean {
    return this.#members.has(member) && member.generation >= 0 && member.generation === this.#generation
  }

  #change (): void {
    this.#isDirty = true
    this.#rebalance ??= this.#rebalanceUntilSettled()
  }

  async #rebalanceUntilSettled (): Promise<void> {
    // In a turn of its own: who causes a rebalance is not called back inside that call.
    await new Promise(resolve => setImmediate(resolve))
    while (this.#isDirty) {
      this.#isDirty = false
      await Promise.allSettled([...this.#members].filter(({ generation }) => generation >= 0).map(({ options }) => options.prepare()))
      // Who came or went while the others prepared is part of this one.
      this.#isDirty = false
      this.#assign()
    }
    this.#rebalance = undefined
  }

  #assign (): void {
    this.#generation++
    const members = [...this.#members]
    const partitionCounts = this.#counts()
    const candidates = members.map(member => candidateOf(member, [...partitionCounts.keys()]))
    const assignment = assignPartitions({ candidates, partitionCounts, together: namedTogether(members[0]?.options.together ?? [], [...partitionCounts.keys()]) })
    for (const member of members) {
      const topics = assignment.get(member.memberId) ?? new Map<string, readonly number[]>()
      member.owned = [...topics].flatMap(([topic, partitions]) => partitions.map(partition => ({ topic, partition })))
      member.generation = this.#generation
    }
    for (const member of members) {
      member.options.assigned(member.owned)
      member.joined.resolve()
    }
  }

  #counts (): Map<string, number> {
    const names = this.#topics.names()
    return this.#topics.counts([...new Set([...this.#members].flatMap(({ options }) => [...options.topics, ...matched(options.patterns, names)]))])
  }
}

function candidateOf ({ memberId, options, owned, generation }: Member, existing: readonly string[]): Candidate {
  const byTopic = Map.groupBy(owned, ({ topic }) => topic)
  return {
    memberId,
    topics: new Set([...options.topics, ...matched(options.patterns, existing)]),
    owned: new Map([...byTopic].map(([topic, held]) => [topic, held.map(({ partition }) => partition)])),
    generation
  }
}
