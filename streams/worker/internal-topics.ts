import { FatalError } from '../errors.ts'
import { copartitioned } from '../graph/copartitioned.ts'
import type { Node } from '../graph/node.ts'
import { retryTopicsOf } from '../graph/retry-topics.ts'
import type { SubTopology } from '../graph/sub-topologies.ts'
import { internalSinksOf, internalTopicsOf, topicName } from '../graph/topic-names.ts'
import type { Topic } from '../graph/topic.ts'
import { foundTopic } from '../graph/topic-pattern.ts'
import type { Topology } from '../graph/topology.ts'

/** As Kafka Streams makes its repartition topics: nothing goes by age, and small segments, so that what was purged frees its space soon. */
export const INTERNAL_TOPIC_CONFIGS = {
  'cleanup.policy': 'delete', 'retention.ms': '-1', 'retention.bytes': '-1', 'segment.bytes': '52428800', 'message.timestamp.type': 'CreateTime'
} as const

/**
 * How many partitions each internal topic needs, by name on the cluster, where the counts of all others are known. Topics that
 * are copartitioned have the same count: that of the inputs which are not ours,
 * else the one that is asked for, else what is there already, else that of the largest input of what writes to them. Retry topics have at
 * least as many partitions as the largest of the other topics that are read with them; more may be left from a topic that is gone.
 */
export function internalPartitions (topology: Topology, applicationId: string, counts: ReadonlyMap<string, number>, found: readonly string[] = []): ReadonlyMap<string, number> {
  const retries = retryTopicsOf(topology.nodes)
  const internal = internalTopicsOf(topology).filter(topic => !retries.has(topic))
  const read = (nodes: readonly Node[]): Topic[] => nodes.flatMap(({ topics, pattern }) => [...topics, ...pattern === undefined ? [] : found.filter(name => pattern.matches(name)).map(name => foundTopic(pattern, name))])
  const resolved = new Map<string, number>()
  const nameOf = (topic: Topic): string => topicName(topic, applicationId)
  const countOf = (topic: Topic): number | undefined => topic.internal ? resolved.get(nameOf(topic)) : counts.get(nameOf(topic))
  const askedOf = ({ partitions }: Topic): number | undefined => typeof partitions === 'object' ? countOf(partitions) : partitions
  const writersOf = (topic: Topic): SubTopology[] => topology.subTopologies.filter(each => internalSinksOf(each).includes(topic))

  /** undefined: some of them is not resolved itself. In a circle the known ones have to do. */
  const largestInput = (topics: readonly Topic[], isCircle: boolean): number | undefined => {
    const inputs = topics.flatMap(writersOf).flatMap(({ nodes }) => read(nodes)).filter(topic => !retries.has(topic) && (topic.internal || counts.has(nameOf(topic))))
    const known = inputs.flatMap(topic => countOf(topic) ?? [])
    return known.length === 0 || (known.length < inputs.length && !isCircle) ? undefined : Math.max(...known)
  }

  const groups = topology.subTopologies.flatMap(({ nodes }) => copartitioned(nodes)).map(read).filter(topics => topics.some(topic => topic.internal))
  const readBy = new Set(groups.flat())
  const all = [...groups, ...internal.filter(topic => !readBy.has(topic)).map(topic => [topic])]
  for (let open = all, isCircle = false; open.length > 0;) {
    const left = open.filter(topics => {
      const ours = topics.filter(topic => topic.internal)
      const others = topics.filter(topic => !topic.internal).flatMap(topic => countOf(topic) ?? [])
      const asked = ours.flatMap(topic => askedOf(topic) ?? [])
      if (others.length === 0 && asked.length < ours.filter(({ partitions }) => partitions !== undefined).length) return true
      const present = ours.flatMap(topic => counts.get(nameOf(topic)) ?? [])
      const [found] = [others, asked, present].filter(known => known.length > 0)
      const count = found === undefined ? largestInput(ours, isCircle) : Math.max(...found)
      if (count === undefined) return true
      for (const topic of ours) resolved.set(nameOf(topic), askedOf(topic) ?? count)
      return false
    })
    if (left.length === open.length && isCircle) {
      throw new FatalError(`How many partitions internal topic '${left[0]?.[0]?.name ?? ''}' of topology '${topology.name}' needs cannot be told from what writes to it; give it a number.`)
    }
    isCircle = left.length === open.length
    open = left
  }
  for (const { nodes } of topology.subTopologies) {
    const others = read(nodes).filter(topic => !retries.has(topic)).flatMap(topic => countOf(topic) ?? [])
    for (const topic of retryTopicsOf(nodes)) {
      if (others.length === 0) throw new FatalError(`How many partitions retry topic '${topic.name}' of topology '${topology.name}' needs cannot be told: none of the topics exists whose records may come there. Create one of them.`)
      resolved.set(nameOf(topic), Math.max(...others, counts.get(nameOf(topic)) ?? 0))
    }
  }
  return resolved
}

/** Records lie in an internal topic by their keys, so a count that is wrong cannot be mended in place; in a retry topic by the partition that they are from, so that one can grow. */
export function checkInternalCounts (topology: Pick<Topology, 'nodes'>, applicationId: string, needed: ReadonlyMap<string, number>, counts: ReadonlyMap<string, number>): void {
  const retries = new Set([...retryTopicsOf(topology.nodes)].map(topic => topicName(topic, applicationId)))
  for (const [name, count] of needed) {
    const found = counts.get(name) ?? count
    if (found === count) continue
    if (retries.has(name)) throw new FatalError(`Retry topic '${name}' has ${found} partitions, and what is read with it up to ${count}. Give it ${count} partitions (kafka-topics --alter --topic ${name} --partitions ${count}): what waits there stays where it is.`)
    throw new FatalError(
      `Internal topic '${name}' has ${found} partitions and the topology needs ${count}: what is in it would be looked for in other partitions. ` +
      `Stop all workers of '${applicationId}', then \`millrace reset --application-id ${applicationId} --to-earliest --execute\` makes everything anew; or give it ${found} partitions in the topology.`
    )
  }
}
