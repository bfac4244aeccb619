import { FatalError } from '../errors.ts'
import type { GroupMemberInfo, Log, TopicPartition } from '../log/log.ts'
import type { Database } from '../state/postgres/database.ts'
import { checkApplicationId } from '../state/postgres/engine-schema.ts'
import { readInventory, type Inventory, type TableSize } from './inventory.ts'
import { newPosition, type PartitionView, type ResetTarget } from './positions.ts'

export interface ResetRequest {
  readonly applicationId: string
  readonly target: ResetTarget
  /** Beside those that the schema or the group knows. */
  readonly inputTopics: readonly string[]
}

/** Everything that a reset would delete and move. */
export interface ResetPlan {
  readonly applicationId: string
  readonly hasSchema: boolean
  readonly tables: readonly TableSize[]
  /** Pattern of the Redis keys. */
  readonly redisKeys: string
  readonly internalTopics: readonly string[]
  readonly positions: readonly PlannedPosition[]
  /** Ids of the patterns that it has looked for topics by: what has not been found by now will be read from its first record. */
  readonly patterns: readonly string[]
  /** Inputs the application once read that are not there any more. */
  readonly missingTopics: readonly string[]
  /** Who would have to stop first. */
  readonly members: readonly GroupMemberInfo[]
}

export interface PlannedPosition extends PartitionView {
  readonly newPosition: number
}

/** Looks, and changes nothing. */
export async function planReset ({ applicationId, target, inputTopics }: ResetRequest, { log, database }: { readonly log: Log, readonly database: Pick<Database, 'query'> }): Promise<ResetPlan> {
  checkApplicationId(applicationId)
  const inventory = await readInventory(database, applicationId)
  const groupOffsets = await log.groupOffsets(applicationId)
  const known = new Set([...inventory.inputs, ...inputTopics, ...groupOffsets.map(({ topic }) => topic)])
  const topics = [...known].filter(topic => !inventory.internalTopics.includes(topic)).sort()
  checkGiven(inputTopics, inventory)
  if (!inventory.hasSchema && topics.length === 0) {
    throw new FatalError(`Application id '${applicationId}' has neither a schema in this Postgres nor an offset in this Kafka, so there is nothing to reset. Check the id, or name its inputs with --input-topics.`)
  }
  const counts = await log.partitionCounts(topics)
  const absent = inputTopics.filter(topic => !counts.has(topic))
  if (absent.length > 0) throw new FatalError(`Input ${absent.length === 1 ? 'topic' : 'topics'} ${absent.map(topic => `'${topic}'`).join(', ')} not found on this cluster; nothing was changed. Check --input-topics and --bootstrap.`)
  const partitions = topics.flatMap(topic => Array.from({ length: counts.get(topic) ?? 0 }, (_, partition) => ({ topic, partition })))
  return {
    applicationId,
    hasSchema: inventory.hasSchema,
    tables: inventory.tables,
    redisKeys: `{${applicationId}:*}:*`,
    internalTopics: inventory.internalTopics,
    patterns: inventory.patterns,
    positions: await planPositions(partitions, target, { log, inventory, groupOffsets }),
    missingTopics: topics.filter(topic => !counts.has(topic)),
    members: await log.groupMembers(applicationId)
  }
}

function checkGiven (inputTopics: readonly string[], { internalTopics }: Inventory): void {
  const internal = inputTopics.find(topic => internalTopics.includes(topic))
  if (internal !== undefined) throw new FatalError(`'${internal}' is an internal topic, which a reset deletes; leave it out of --input-topics.`)
}

interface Sources {
  readonly log: Log
  readonly inventory: Inventory
  readonly groupOffsets: readonly (TopicPartition & { readonly offset: number })[]
}

async function planPositions (partitions: readonly TopicPartition[], target: ResetTarget, { log, inventory, groupOffsets }: Sources): Promise<PlannedPosition[]> {
  if (partitions.length === 0) return []
  const [beginnings, ends, atTime] = await Promise.all([
    log.offsets(partitions, 'earliest'), log.offsets(partitions, 'latest'), target.kind === 'time' ? log.offsets(partitions, target.timestamp) : []
  ])
  return partitions.map(partition => {
    const view: PartitionView = {
      ...partition,
      beginning: offsetIn(beginnings, partition) ?? 0,
      end: offsetIn(ends, partition) ?? 0,
      ...optional('atTime', offsetIn(atTime, partition)),
      ...optional('position', offsetIn(inventory.positions, partition)),
      ...optional('groupOffset', offsetIn(groupOffsets, partition))
    }
    return { ...view, newPosition: newPosition(target, view) }
  })
}

function offsetIn (offsets: readonly (TopicPartition & { readonly offset: number })[], { topic, partition }: TopicPartition): number | undefined {
  return offsets.find(each => each.topic === topic && each.partition === partition)?.offset
}

function optional<Name extends string> (name: Name, value: number | undefined): { readonly [N in Name]?: number } {
  // A computed name loses which one it is; it is exactly `name`.
  return value === undefined ? {} : { [name]: value } as { readonly [N in Name]: number }
}
