import type { SubTopology } from './sub-topologies.ts'
import { checkTopicName, type Topic } from './topic.ts'
import type { Topology } from './topology.ts'

/** What a topic is called on the cluster: an internal one bears the application id before its name, as in Kafka Streams. */
export function topicName ({ name, internal, nameOn }: Pick<Topic, 'name' | 'internal' | 'nameOn'>, applicationId: string): string {
  if (!internal) return name
  const full = nameOn?.(applicationId) ?? `${applicationId}-${name}`
  checkTopicName(full)
  return full
}

/** The sub-topologies of an application: those of its topology, with their topics as the cluster calls them. */
export function namedSubTopologies ({ subTopologies }: Topology, applicationId: string): SubTopology[] {
  return subTopologies.map(subTopology => {
    const sources = subTopology.nodes.flatMap(({ kind, topic }) => kind === 'source' && topic !== undefined ? [topic] : [])
    return { ...subTopology, topics: sources.map(topic => topicName(topic, applicationId)) }
  })
}

/** All topics that a topology reads or writes, once each; those of global tables are not among them. */
export function topicsOf ({ nodes, sources }: Pick<Topology, 'nodes' | 'sources'>): Topic[] {
  const topics = [...nodes.flatMap(({ topic, choice }) => topic ?? choice?.topics ?? []), ...sources.flatMap(({ deadLetters }) => deadLetters?.topic ?? [])]
  return [...new Map(topics.map(topic => [topic.name, topic])).values()]
}

/** The internal topics of a topology. */
export function internalTopicsOf ({ nodes }: Pick<Topology, 'nodes'>): Topic[] {
  return [...new Map(nodes.flatMap(({ topic }) => topic?.internal === true ? [[topic.name, topic]] : [])).values()]
}

/** The internal topics that a sub-topology writes. */
export function internalSinksOf ({ nodes }: Pick<SubTopology, 'nodes'>): Topic[] {
  return [...new Set(nodes.flatMap(({ kind, topic }) => kind === 'sink' && topic?.internal === true ? [topic] : []))]
}
