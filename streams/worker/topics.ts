import type { Logger } from '../logger.ts'
import { FatalError, messageOf } from '../errors.ts'
import type { Topology } from '../graph/topology.ts'
import type { Topic } from '../graph/topic.ts'
import type { Log } from '../log/log.ts'

export interface ReadyTopics {
  /** Partition counts of the sources that will be read. */
  readonly sources: ReadonlyMap<string, number>
}

/**
 * Makes the topics that are missing. Where it may not: an optional source is left out with a warning, anything else stops the
 * start. Inputs of one sub-topology need the same partition count, because partition p of all of them is one task; where they had
 * it when they were noted, and some were given more since, the others are waited for.
 */
export async function ensureTopics (topology: Topology, log: Log, logger: Logger, noted: ReadonlyMap<string, number>): Promise<ReadyTopics> {
  const topics = [...new Map(topology.nodes.flatMap(({ topic }) => topic === undefined ? [] : [[topic.name, topic]])).values()]
  const counts = new Map(await log.partitionCounts(topics.map(({ name }) => name)))
  for (const topic of topics) if (!counts.has(topic.name)) await make(topic, counts, log, logger)
  checkEqualCounts(topology, counts, noted)
  const sources = topology.sources.flatMap(({ topic: { name } }) => {
    const count = counts.get(name)
    return count === undefined ? [] : [[name, count] as const]
  })
  return { sources: new Map(sources) }
}

async function make (topic: Topic, counts: Map<string, number>, log: Log, logger: Logger): Promise<void> {
  const partitions = partitionsFor(topic, counts)
  try {
    await log.createTopics([{ name: topic.name, partitions }])
    counts.set(topic.name, partitions)
    logger.info({ topic: topic.name, partitions }, 'made a topic that was missing')
  } catch (error) {
    if (!topic.optional) {
      throw new FatalError(`Topic '${topic.name}' does not exist and could not be made: ${messageOf(error)}. Create it with ${partitions} partitions, or allow this user to.`, { cause: error })
    }
    logger.warn({ topic: topic.name, error: messageOf(error) }, 'an optional topic does not exist and could not be made; running without it')
  }
}

function partitionsFor ({ partitions }: Topic, counts: ReadonlyMap<string, number>): number {
  if (partitions === undefined) return Math.max(1, ...counts.values())
  return typeof partitions === 'number' ? partitions : counts.get(partitions.name) ?? partitionsFor(partitions, counts)
}

function checkEqualCounts (topology: Topology, counts: ReadonlyMap<string, number>, noted: ReadonlyMap<string, number>): void {
  for (const { name, topics } of topology.subTopologies) {
    const present = topics.flatMap(topic => counts.has(topic) ? [`${topic} has ${counts.get(topic)}`] : [])
    const read = topics.filter(topic => counts.has(topic))
    const wereEqual = read.every(topic => noted.has(topic)) && new Set(read.map(topic => noted.get(topic))).size === 1
    if (!wereEqual && new Set(read.map(topic => counts.get(topic))).size > 1) {
      throw new FatalError(`Sub-topology '${name}' reads topics with unequal partition counts: ${present.join(', ')}. Partition p of all of them is one task, so make them equal.`)
    }
  }
}
