import { topicName, internalTopicsOf } from './topic-names.ts'
import type { Topology } from './topology.ts'
import type { TopicNames } from '../log/log.ts'
import { FatalError } from '../errors.ts'
import { patternId } from './topic-pattern.ts'

/** As operators name their internal topics; also of such as an earlier version of the topology has left. */
const INTERNAL = /-(repartition|subscription-(registration|response)-topic|async)$|\.retry\.[^.]+$/

/** The patterns that a topology's sources read by. They do not see internal topics of the application itself. */
export function patternsOf (topology: Pick<Topology, 'nodes'>, applicationId: string): TopicNames[] {
  const internal = new Set(internalTopicsOf(topology).map(topic => topicName(topic, applicationId)))
  const isOwn = (name: string): boolean => internal.has(name) || (name.startsWith(`${applicationId}-`) && INTERNAL.test(name))
  return topology.nodes.flatMap(({ pattern }) => pattern === undefined ? [] : [{ id: patternId(pattern), matches: (name: string) => !isOwn(name) && pattern.matches(name) }])
}

/** Those of the topics that a pattern matches, in the order of their names. Two patterns for one topic are refused: it has one source. */
export function foundAmong (topics: readonly string[], patterns: readonly TopicNames[]): string[] {
  return topics.filter(topic => {
    const matching = patterns.filter(({ matches }) => matches(topic))
    if (matching.length > 1) {
      throw new FatalError(`Topic '${topic}' is matched by the patterns ${matching.map(({ id }) => id).join(' and ')}; a topic has one source, so make them exclude each other.`)
    }
    return matching.length === 1
  }).sort()
}
