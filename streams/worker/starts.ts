import { FatalError } from '../errors.ts'
import type { OffsetReset } from '../graph/node.ts'
import type { SubTopology } from '../graph/sub-topologies.ts'
import { internalSinksOf } from '../graph/topic-names.ts'
import type { Log, TopicPartition } from '../log/log.ts'
import type { State, TaskId, TaskPosition, TaskStart } from '../state/state.ts'

export interface StartOptions {
  readonly applicationId: string
  readonly log: Log
  readonly state: State
  readonly offsetReset: OffsetReset
  /** Of topics whose source says something else. */
  readonly resets?: ReadonlyMap<string, OffsetReset>
  /** Partition counts when the application id first saw each input. */
  readonly noted: ReadonlyMap<string, number>
  readonly internalTopics: ReadonlySet<string>
}

export interface Candidate extends TaskId {
  readonly topics: readonly string[]
  readonly writesInternal: boolean
}

export interface PartialCandidate extends Candidate {
  /** Inputs that are read and have no such partition. */
  readonly missing: readonly string[]
}

/**
 * Where tasks begin that have no position yet: where a reset wants them to; else the reset policy for partitions that were there when the id first saw the
 * topic, the earliest offset for those that came later and for internal topics. A group offset without a position is somebody's progress that
 * Postgres does not know of; going on from either would be a guess.
 */
export async function startsOf (candidates: readonly Candidate[], options: StartOptions): Promise<TaskStart[]> {
  const known = new Map((await options.state.positions(candidates)).map(position => [nameOf(position), position]))
  const missing = candidates.flatMap(candidate => missingPartitions(candidate, known.get(nameOf(candidate))))
  const offsets = missing.length === 0 ? new Map<string, number>() : await firstOffsets(missing, options)
  return candidates.map(({ subTopology, partition, topics, writesInternal }) => ({
    subTopology,
    partition,
    writesInternal,
    offsets: Object.fromEntries(topics.flatMap(topic => {
      const offset = offsets.get(`${topic}/${partition}`)
      return offset === undefined ? [] : [[topic, offset]]
    }))
  }))
}

/**
 * The tasks that a set of partitions makes. Where partitions are added to several copartitioned topics one topic is the first to have them;
 * begun with that one alone, such a task would never read the others, so it is partial until they are there. So is one that could send nothing to a retry topic.
 */
export function candidatesOf (
  subTopologies: readonly SubTopology[], partitions: readonly TopicPartition[], sources: ReadonlySet<string>
): { readonly whole: readonly Candidate[], readonly partial: readonly PartialCandidate[] } {
  const found = subTopologies.flatMap(({ name, topics, nodes, copartitioned, retryTopics }) => {
    const writesInternal = internalSinksOf({ nodes }).length > 0
    const byNumber = Map.groupBy(partitions.filter(({ topic }) => topics.includes(topic)), ({ partition }) => partition)
    return [...byNumber].map(([partition, members]) => {
      const present = topics.filter(topic => members.some(member => member.topic === topic))
      const expected = [...copartitioned.filter(group => group.some(topic => present.includes(topic))).flat(), ...retryTopics]
      return { subTopology: name, partition, topics: present, writesInternal, missing: expected.filter(topic => sources.has(topic) && !present.includes(topic)) }
    })
  })
  return { whole: found.filter(({ missing }) => missing.length === 0), partial: found.filter(({ missing }) => missing.length > 0) }
}

function nameOf ({ subTopology, partition }: TaskId): string {
  return `${subTopology}/${partition}`
}

function missingPartitions ({ topics, partition }: Candidate, position: TaskPosition | undefined): TopicPartition[] {
  return topics.filter(topic => position?.offsets[topic] === undefined).map(topic => ({ topic, partition }))
}

async function firstOffsets (missing: readonly TopicPartition[], options: StartOptions): Promise<Map<string, number>> {
  const internal = missing.filter(({ topic }) => options.internalTopics.has(topic))
  const inputs = missing.filter(({ topic }) => !options.internalTopics.has(topic))
  const asked = [...await options.state.askedStarts(inputs), ...internal.length === 0 ? [] : await options.log.offsets(internal, 'earliest')]
  const places = new Map(asked.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]))
  const rest = inputs.filter(({ topic, partition }) => !places.has(`${topic}/${partition}`))
  if (rest.length > 0) for (const { topic, partition, offset } of await offsetsByPolicy(rest, options)) places.set(`${topic}/${partition}`, offset)
  return places
}

async function offsetsByPolicy (
  missing: readonly TopicPartition[], { applicationId, log, offsetReset, resets, noted }: StartOptions
): Promise<readonly (TopicPartition & { readonly offset: number })[]> {
  const isLater = ({ topic, partition }: TopicPartition): boolean => partition >= (noted.get(topic) ?? Infinity)
  const group = await log.groupOffsets(applicationId)
  const orphan = missing.find(({ topic, partition }) => group.some(each => each.topic === topic && each.partition === partition))
  if (orphan !== undefined) {
    throw new FatalError(
      `Consumer group '${applicationId}' has an offset for ${orphan.topic}-${orphan.partition}, but Postgres has no position for it: the schema was lost or belongs to another database. ` +
      `Choose: \`millrace reset --application-id ${applicationId} --to-earliest --execute\` rebuilds everything from the log, --to-group-offsets goes on from the group's offsets with empty tables.`
    )
  }
  const later = missing.filter(isLater)
  const first = Map.groupBy(missing.filter(each => !isLater(each)), ({ topic }) => resets?.get(topic) ?? offsetReset)
  const found = await Promise.all([
    later.length === 0 ? [] : log.offsets(later, 'earliest'),
    ...[...first].map(async ([reset, partitions]) => await log.offsets(partitions, reset))
  ])
  return found.flat()
}
