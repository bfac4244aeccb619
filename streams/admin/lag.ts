import { FatalError } from '../errors.ts'
import type { Log, TopicPartition } from '../log/log.ts'
import type { Database } from '../state/postgres/database.ts'
import { checkApplicationId } from '../state/postgres/engine-schema.ts'
import { readInventory } from './inventory.ts'

/** How far an application is in one partition. null: not known, or not there. */
export interface PartitionLag extends TopicPartition {
  readonly subTopology: string | null
  /** In Postgres, which is the truth: the next record to process. */
  readonly position: number | null
  readonly endOffset: number | null
  readonly lag: number | null
  /** In Kafka, which only follows. */
  readonly groupOffset: number | null
}

export interface LagReport {
  readonly applicationId: string
  readonly partitions: readonly PartitionLag[]
  readonly totals: { readonly partitions: number, readonly lag: number, readonly withoutPosition: number }
}

export async function readLag (applicationId: string, { log, database }: { readonly log: Log, readonly database: Pick<Database, 'query'> }): Promise<LagReport> {
  checkApplicationId(applicationId)
  const inventory = await readInventory(database, applicationId)
  const groupOffsets = await log.groupOffsets(applicationId)
  if (!inventory.hasSchema && groupOffsets.length === 0) {
    throw new FatalError(`Application id '${applicationId}' has neither a schema in this Postgres nor an offset in this Kafka. Check the id, --database-url and --bootstrap.`)
  }
  const counts = await log.partitionCounts([...new Set([...inventory.inputs, ...inventory.positions.map(({ topic }) => topic), ...groupOffsets.map(({ topic }) => topic)])])
  const present = [...counts].flatMap(([topic, count]) => Array.from({ length: count }, (_, partition) => ({ topic, partition })))
  const ends = present.length === 0 ? [] : await log.offsets(present, 'latest')
  const partitions = distinct([...inventory.positions, ...groupOffsets, ...present]).map(({ topic, partition }) => {
    const of = <T extends TopicPartition>(list: readonly T[]): T | undefined => list.find(each => each.topic === topic && each.partition === partition)
    const task = of(inventory.positions)
    const position = task?.offset ?? null
    const endOffset = of(ends)?.offset ?? null
    const lag = position === null || endOffset === null ? null : Math.max(0, endOffset - position)
    return { subTopology: task?.subTopology ?? null, topic, partition, position, endOffset, lag, groupOffset: of(groupOffsets)?.offset ?? null }
  })
  return {
    applicationId,
    partitions,
    totals: {
      partitions: partitions.length,
      lag: partitions.reduce((sum, { lag }) => sum + (lag ?? 0), 0),
      withoutPosition: partitions.filter(({ position }) => position === null).length
    }
  }
}

function distinct (partitions: readonly TopicPartition[]): TopicPartition[] {
  const byName = new Map(partitions.map(({ topic, partition }) => [`${topic}/${partition}`, { topic, partition }]))
  return [...byName.values()].sort((a, b) => a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1)
}
