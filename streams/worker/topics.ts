import type { Logger } from '../logger.ts'
import { FatalError, messageOf } from '../errors.ts'
import type { Topology } from '../graph/topology.ts'
import { foundAmong, patternsOf } from '../graph/found-topics.ts'
import { namedSubTopologies, topicName, topicsOf } from '../graph/topic-names.ts'
import type { SubTopology } from '../graph/sub-topologies.ts'
import type { Topic } from '../graph/topic.ts'
import type { Log } from '../log/log.ts'
import type { State } from '../state/state.ts'
import { checkInternalCounts, INTERNAL_TOPIC_CONFIGS, internalPartitions } from './internal-topics.ts'

export interface TopicsOptions {
  readonly applicationId: string
  readonly log: TopicsOfLog
  readonly state: Pick<State, 'noteInternalTopics'>
  readonly logger: Logger
  /** Partition counts when the application id first saw each input. */
  readonly noted: ReadonlyMap<string, number>
}

export interface ReadyTopics {
  /** Partition counts of the sources that will be read, those that are not ours. */
  readonly inputs: ReadonlyMap<string, number>
  /** Those of the inputs that patterns have found. */
  readonly found: readonly string[]
  /** Those of internal topics, also of such as are only written. */
  readonly internal: ReadonlyMap<string, number>
}

type TopicsOfLog = Pick<Log, 'partitionCounts' | 'topicNames' | 'createTopics'>

/**
 * Makes the topics that are missing. Where it may not: an optional source is left out with a warning, anything else stops the
 * start. Inputs that are copartitioned need the same partition count, because partition p of all of them is one task; where they had
 * it when they were noted, and some were given more since, the others are waited for. What patterns match may be nothing yet.
 */
export async function ensureTopics (topology: Topology, options: TopicsOptions): Promise<ReadyTopics> {
  const { applicationId, log, logger, noted } = options
  const topics = topicsOf(topology)
  const counts = new Map(await log.partitionCounts(topics.map(topic => topicName(topic, applicationId))))
  for (const topic of topics) if (!topic.internal && !counts.has(topic.name)) await make(topic, counts, log, logger)
  const found = await findTopics(topology, applicationId, log)
  for (const [name, count] of await log.partitionCounts(found)) counts.set(name, count)
  const internal = internalPartitions(topology, applicationId, counts, found)
  checkInternalCounts(topology, applicationId, internal, counts)
  checkEqualCounts(namedSubTopologies(topology, applicationId, found), new Map([...internal, ...counts]), noted)
  await makeInternal(internal, counts, options)
  const named = topology.sources.flatMap(({ topics }) => topics.flatMap(({ name, internal }) => internal ? [] : [name]))
  const inputs = [...named, ...found].flatMap(name => {
    const count = counts.get(name)
    return count === undefined ? [] : [[name, count] as const]
  })
  return { inputs: new Map(inputs), found, internal }
}

async function findTopics (topology: Topology, applicationId: string, log: Pick<Log, 'topicNames'>): Promise<string[]> {
  const patterns = patternsOf(topology, applicationId)
  return patterns.length === 0 ? [] : foundAmong(await log.topicNames(), patterns)
}

/** Written down before they are made: whatever happens in between, a reset finds them. What was there before is not ours to delete. */
async function makeInternal (needed: ReadonlyMap<string, number>, counts: Map<string, number>, { log, state, logger }: TopicsOptions): Promise<void> {
  const missing = [...needed].filter(([name]) => !counts.has(name))
  if (missing.length === 0) return
  await state.noteInternalTopics(missing.map(([name]) => name))
  try {
    await log.createTopics(missing.map(([name, partitions]) => ({ name, partitions, configs: INTERNAL_TOPIC_CONFIGS })))
  } catch (error) {
    const wanted = missing.map(([name, partitions]) => `'${name}' (${partitions} partitions)`).join(', ')
    throw new FatalError(`Internal topics do not exist and could not be made: ${messageOf(error)}. Create ${wanted} with cleanup.policy=delete and retention.ms=-1, or allow this user to.`, { cause: error })
  }
  for (const [topic, partitions] of missing) {
    counts.set(topic, partitions)
    logger.info({ topic, partitions }, 'made an internal topic')
  }
}

async function make (topic: Topic, counts: Map<string, number>, log: TopicsOfLog, logger: Logger): Promise<void> {
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
  if (typeof partitions === 'number') return partitions
  // Only an internal topic's count is left open.
  return partitions === undefined ? 1 : counts.get(partitions.name) ?? partitionsFor(partitions, counts)
}

export function checkEqualCounts (subTopologies: readonly SubTopology[], counts: ReadonlyMap<string, number>, noted: ReadonlyMap<string, number>): void {
  for (const { name, topics } of subTopologies.flatMap(({ name, copartitioned }) => copartitioned.map(topics => ({ name, topics })))) {
    const present = topics.flatMap(topic => counts.has(topic) ? [`${topic} has ${counts.get(topic)}`] : [])
    const read = topics.filter(topic => counts.has(topic))
    const wereEqual = read.every(topic => noted.has(topic)) && new Set(read.map(topic => noted.get(topic))).size === 1
    if (!wereEqual && new Set(read.map(topic => counts.get(topic))).size > 1) {
      throw new FatalError(`Sub-topology '${name}' reads topics with unequal partition counts: ${present.join(', ')}. Partition p of all of them is one task, so make them equal.`)
    }
  }
}
