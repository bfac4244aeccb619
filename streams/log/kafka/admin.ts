import { FetchIsolationLevels, type Broker, type createTopicsV7, type deleteRecordsV2, type deleteTopicsV6, type describeGroupsV5, type leaveGroupV5, type listOffsetsV9, type offsetCommitV9, type offsetFetchV9 } from '@platformatic/kafka'
import { setTimeout as sleep } from 'node:timers/promises'
import { distinct } from '../distinct.ts'
import { LogError, type GroupMemberInfo, type Log, type OffsetSpec, type TopicPartition, type TopicSpec } from '../log.ts'
import { retrying, type Cluster, type ClusterView } from './cluster.ts'
import { hasProtocolError, responseOf } from './errors.ts'

export type LogAdmin = Pick<Log, 'partitionCounts' | 'topicNames' | 'identify' | 'createTopics' | 'deleteTopics' | 'deleteRecords' | 'offsets' | 'groupOffsets' | 'setGroupOffsets' | 'groupMembers' | 'evictMembers'>

type PartitionOffset = TopicPartition & { readonly offset: number }

const adminTimeoutMs = 15_000
const visibleAfterMs = 10_000
const brokerDefault = -1
/** ListOffsets' words for the ends of a partition. */
const sentinels = { latest: -1n, earliest: -2n } as const
/** A commit from outside the group: allowed only while it is empty. */
const noGeneration = -1

/** What the engine asks of a cluster beside reading, writing and being a member. */
export function createAdmin (cluster: Cluster): LogAdmin {
  return {
    partitionCounts: async topics => {
      const view = await retrying('Looking up topics', () => cluster.view(topics))
      return new Map([...view.topics].map(([name, { leaders }]) => [name, leaders.length]))
    },
    identify: async topics => {
      const { clusterId, topics: found } = await retrying('Looking up topics', () => cluster.view(topics))
      return { cluster: clusterId, topics: new Map([...found].map(([name, { id }]) => [name, id])) }
    },
    topicNames: () => retrying('Looking for topics', () => cluster.topicNames()),
    createTopics: topics => createTopics(cluster, topics),
    deleteTopics: topics => deleteTopics(cluster, topics),
    deleteRecords: before => retrying('Deleting records', () => deleteRecords(cluster, before)),
    // A broker refuses a question that names a partition twice.
    offsets: (partitions, at) => retrying('Looking up offsets', () => listOffsets(cluster, distinct(partitions), at)),
    groupOffsets: groupId => retrying(`Reading the offsets of group ${groupId}`, () => groupOffsets(cluster, groupId)),
    setGroupOffsets: (groupId, offsets) => setGroupOffsets(cluster, groupId, offsets),
    groupMembers: groupId => retrying(`Looking up the members of group ${groupId}`, () => groupMembers(cluster, groupId)),
    evictMembers: (groupId, memberIds) => evictMembers(cluster, groupId, memberIds)
  }
}

async function createTopics (cluster: Cluster, topics: readonly TopicSpec[]): Promise<void> {
  if (topics.length === 0) return
  const requests = topics.map(({ name, partitions, configs = {} }) => ({
    name,
    numPartitions: partitions,
    replicationFactor: brokerDefault,
    assignments: [],
    configs: Object.entries(configs).map(([name, value]) => ({ name, value }))
  }))
  await retrying(`Creating topics ${topics.map(({ name }) => name).join(', ')}`, () => ignoring('TOPIC_ALREADY_EXISTS', () =>
    onController<[createTopicsV7.CreateTopicsRequestTopic[], number, boolean], createTopicsV7.CreateTopicsResponse>(cluster, 'CreateTopics', [requests, adminTimeoutMs, false])))
  await untilVisible(cluster, topics.map(({ name }) => name))
}

/** The controller knows a topic before the brokers do; whoever creates one wants to use it. */
async function untilVisible (cluster: Cluster, topics: readonly string[]): Promise<void> {
  const deadline = Date.now() + visibleAfterMs
  while (true) {
    const view = await retrying('Looking up the created topics', () => cluster.view(topics))
    if (topics.every(topic => view.topics.get(topic)?.leaders.every(leader => leader >= 0))) return
    if (Date.now() > deadline) throw new LogError('outage', `Topics ${topics.join(', ')} are created, but not led by any broker yet.`)
    await sleep(20)
  }
}

async function deleteTopics (cluster: Cluster, topics: readonly string[]): Promise<void> {
  if (topics.length === 0) return
  await retrying(`Deleting topics ${topics.join(', ')}`, () => ignoring('UNKNOWN_TOPIC_OR_PARTITION', () =>
    onController<[deleteTopicsV6.DeleteTopicsRequestTopic[], number], deleteTopicsV6.DeleteTopicsResponse>(cluster, 'DeleteTopics', [topics.map(name => ({ name })), adminTimeoutMs])))
}

async function deleteRecords (cluster: Cluster, before: readonly PartitionOffset[]): Promise<void> {
  if (before.length === 0) return
  const view = await cluster.view([...new Set(before.map(({ topic }) => topic))])
  const byLeader = Map.groupBy(before, partition => leaderOf(view, partition))
  await Promise.all([...byLeader].map(async ([leader, part]) => {
    const topics = [...Map.groupBy(part, ({ topic }) => topic)].map(([name, parts]) => ({
      name, partitions: parts.map(({ partition, offset }) => ({ partitionIndex: partition, offset: BigInt(offset) }))
    }))
    await cluster.request<deleteRecordsV2.DeleteRecordsRequest, deleteRecordsV2.DeleteRecordsResponse>(brokerOf(view, leader, part), { api: 'DeleteRecords', args: [topics, adminTimeoutMs] })
  }))
}

async function onController<Args extends unknown[], Answer> (cluster: Cluster, api: string, args: Args): Promise<Answer> {
  const { brokers, controllerId } = await cluster.view([])
  const controller = brokers.get(controllerId)
  return controller === undefined ? cluster.requestAny({ api, args }) : cluster.request(controller, { api, args })
}

/** Runs a request on several things, of which those that are already as wanted count as done. */
async function ignoring (harmless: string, request: () => Promise<unknown>): Promise<void> {
  try {
    await request()
  } catch (error) {
    if (!hasOnly(error, harmless)) throw error
  }
}

function hasOnly (error: unknown, id: string): boolean {
  const parts: unknown = error instanceof AggregateError ? error.errors : [error]
  return Array.isArray(parts) && parts.length > 0 && parts.every(part => hasProtocolError(part, id))
}

/** The latest offset is the last stable one, as in `FetchedBatch.endOffset`: up to there a reader gets without waiting for open transactions. */
async function listOffsets (cluster: Cluster, partitions: readonly TopicPartition[], at: OffsetSpec): Promise<readonly PartitionOffset[]> {
  if (partitions.length === 0) return []
  const view = await cluster.view([...new Set(partitions.map(({ topic }) => topic))])
  const byLeader = Map.groupBy(partitions, partition => leaderOf(view, partition))
  const timestamp = typeof at === 'number' ? BigInt(Math.trunc(at)) : sentinels[at]
  const found = (await Promise.all([...byLeader].map(([leader, part]) => listOffsetsOf(cluster, { view, leader, partitions: part, timestamp })))).flat()
  // No record at or after that time: the end.
  const beyond = found.filter(({ offset }) => offset < 0)
  if (beyond.length === 0 || typeof at !== 'number') return found
  return [...found.filter(({ offset }) => offset >= 0), ...await listOffsets(cluster, beyond, 'latest')]
}

function leaderOf (view: ClusterView, { topic, partition }: TopicPartition): number {
  const leaders = view.topics.get(topic)?.leaders
  if (leaders === undefined) throw new LogError('outage', `Topic ${topic} does not exist: create it first.`)
  const leader = leaders[partition]
  if (leader === undefined) throw new LogError('fatal', `Topic ${topic} has ${leaders.length} partitions, so there is no partition ${partition}.`)
  return leader
}

function brokerOf (view: ClusterView, leader: number, partitions: readonly TopicPartition[]): Broker {
  const broker = view.brokers.get(leader)
  if (broker === undefined) throw new LogError('outage', `Nobody leads ${partitions.map(({ topic, partition }) => `${topic}/${partition}`).join(', ')} now.`)
  return broker
}

interface OffsetsQuestion {
  readonly view: ClusterView
  readonly leader: number
  readonly partitions: readonly TopicPartition[]
  readonly timestamp: bigint
}

async function listOffsetsOf (cluster: Cluster, { view, leader, partitions, timestamp }: OffsetsQuestion): Promise<readonly PartitionOffset[]> {
  const broker = brokerOf(view, leader, partitions)
  const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([name, parts]) => ({
    name,
    partitions: parts.map(({ partition }) => ({ partitionIndex: partition, currentLeaderEpoch: -1, timestamp }))
  }))
  const answer = await cluster.request<Parameters<typeof listOffsetsV9.createRequest>, listOffsetsV9.ListOffsetsResponse>(broker, { api: 'ListOffsets', args: [-1, FetchIsolationLevels.READ_COMMITTED, topics] })
  return answer.topics.flatMap(({ name, partitions }) => partitions.map(({ partitionIndex, offset }) => ({ topic: name, partition: partitionIndex, offset: Number(offset) })))
}

async function groupOffsets (cluster: Cluster, groupId: string): Promise<readonly PartitionOffset[]> {
  // Stable: what an open transaction is about to replace is not shown.
  const groups = [{ groupId, memberId: null, memberEpoch: -1, topics: null }]
  const answer = await cluster.requestCoordinator<Parameters<typeof offsetFetchV9.createRequest>, offsetFetchV9.OffsetFetchResponse>(groupId, { api: 'OffsetFetch', args: [groups, true] })
    .catch((error: unknown) => orEmpty(error, { groups: [] }))
  return answer.groups.flatMap(({ topics }) => topics.flatMap(({ name, partitions }) => partitions
    .filter(({ committedOffset }) => committedOffset >= 0n)
    .map(({ partitionIndex, committedOffset }) => ({ topic: name, partition: partitionIndex, offset: Number(committedOffset) }))))
}

async function setGroupOffsets (cluster: Cluster, groupId: string, offsets: readonly PartitionOffset[]): Promise<void> {
  try {
    await retrying(`Setting the offsets of group ${groupId}`, () => commitOffsets(cluster, { groupId, generation: noGeneration, memberId: '', offsets }))
  } catch (error) {
    if (!hasProtocolError(error, 'UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'NON_EMPTY_GROUP')) throw error
    throw new LogError('fatal', `Group ${groupId} has members: stop them, then set its offsets.`, { cause: error })
  }
}

export interface OffsetCommit {
  readonly groupId: string
  readonly generation: number
  readonly memberId: string
  readonly instanceId?: string | undefined
  readonly offsets: readonly PartitionOffset[]
}

/** One OffsetCommit, for exactly this generation and member: a refused one is not sent again under a newer generation. */
export async function commitOffsets (cluster: Cluster, { groupId, generation, memberId, instanceId, offsets }: OffsetCommit): Promise<void> {
  if (offsets.length === 0) return
  const topics = [...Map.groupBy(offsets, ({ topic }) => topic)].map(([name, parts]) => ({
    name,
    partitions: parts.map(({ partition, offset }) => ({ partitionIndex: partition, committedOffset: BigInt(offset), committedLeaderEpoch: -1, committedMetadata: null }))
  }))
  await cluster.requestCoordinator<Parameters<typeof offsetCommitV9.createRequest>, offsetCommitV9.OffsetCommitResponse>(groupId, { api: 'OffsetCommit', args: [groupId, generation, memberId, instanceId ?? null, topics] })
}

/** The group as its coordinator describes it; nothing for one that does not exist. */
export async function describeGroup (cluster: Cluster, groupId: string): Promise<describeGroupsV5.DescribeGroupsResponseGroup | undefined> {
  const answer = await cluster.requestCoordinator<[string[], boolean], describeGroupsV5.DescribeGroupsResponse>(groupId, { api: 'DescribeGroups', args: [[groupId], false] })
    .catch((error: unknown) => orEmpty(error, { groups: [] }))
  return answer.groups[0]
}

async function groupMembers (cluster: Cluster, groupId: string): Promise<readonly GroupMemberInfo[]> {
  const members = (await describeGroup(cluster, groupId))?.members ?? []
  return members.map(({ memberId, clientId, clientHost }) => ({ memberId, clientId, host: clientHost.replace(/^\//, '') }))
}

/** Members that are gone already are as wanted. */
export async function evictMembers (cluster: Cluster, groupId: string, memberIds: readonly string[]): Promise<void> {
  if (memberIds.length === 0) return
  const members = memberIds.map(memberId => ({ memberId, groupInstanceId: null, reason: 'evicted' }))
  await retrying(`Evicting members of group ${groupId}`, () => ignoring('UNKNOWN_MEMBER_ID', () =>
    cluster.requestCoordinator<[string, leaveGroupV5.LeaveGroupRequestMember[]], leaveGroupV5.LeaveGroupResponse>(groupId, { api: 'LeaveGroup', args: [groupId, members] })))
}

/** A group that nobody ever used is an empty one. */
function orEmpty<T> (error: unknown, empty: T): T {
  if (hasProtocolError(error, 'GROUP_ID_NOT_FOUND') && responseOf(error) !== undefined) return empty
  throw error
}
