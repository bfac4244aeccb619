import { copartitioned } from './copartitioned.ts'
import type { Node } from './node.ts'
import { retryTopicsOf } from './retry-topics.ts'
import type { SubTopology } from './sub-topologies.ts'
import { checkTopicName, type Topic } from './topic.ts'
import { foundTopic } from './topic-pattern.ts'
import type { Topology } from './topology.ts'

/** What a topic is called on the cluster: an internal one bears the application id before its name, as in Kafka Streams. */
export function topicName ({ name, internal, nameOn }: Pick<Topic, 'name' | 'internal' | 'nameOn'>, applicationId: string): string {
  if (!internal) return name
  const full = nameOn?.(applicationId) ?? `${applicationId}-${name}`
  checkTopicName(full)
  return full
}

/** The sub-topologies of an application: those of its topology, with their topics as the cluster calls them, and those that their patterns match among what was found there. */
export function namedSubTopologies ({ subTopologies }: Pick<Topology, 'subTopologies'>, applicationId: string, found: readonly string[] = []): SubTopology[] {
  return subTopologies.map(subTopology => {
    const namesOf = (nodes: readonly Node[]): string[] => nodes.flatMap(({ topics, pattern }) => [
      ...topics.map(topic => topicName(topic, applicationId)), ...pattern === undefined ? [] : found.filter(name => pattern.matches(name))
    ])
    return {
      ...subTopology,
      topics: namesOf(subTopology.nodes),
      copartitioned: copartitioned(subTopology.nodes).map(namesOf),
      retryTopics: [...retryTopicsOf(subTopology.nodes)].map(topic => topicName(topic, applicationId))
    }
  })
}

/** The source that reads a topic which is not the application's own. */
export function sourceOf (nodes: readonly Node[], name: string): Node | undefined {
  return nodes.find(({ topics, pattern }) => topics.some(topic => !topic.internal && topic.name === name) || pattern?.matches(name) === true)
}

/** A topic that a source reads and that is not the application's own, with what its bytes mean. */
export function topicRead ({ topics, pattern }: Pick<Node, 'topics' | 'pattern'>, name: string): Topic | undefined {
  return topics.find(topic => topic.name === name) ?? (pattern === undefined ? undefined : foundTopic(pattern, name))
}

/** All topics that a topology reads or writes, once each; those of global tables are not among them. */
export function topicsOf ({ nodes, sources }: Pick<Topology, 'nodes' | 'sources'>): Topic[] {
  const topics = [...nodes.flatMap(({ topic, topics, choice }) => topic ?? choice?.topics ?? topics), ...sources.flatMap(({ deadLetters }) => deadLetters?.topic ?? [])]
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
