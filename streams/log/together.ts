import type { TopicNames } from './log.ts'

/** Those of the topics that one of the patterns matches, in the order of their names. */
export function matched (patterns: readonly TopicNames[] | undefined, topics: readonly string[]): string[] {
  return topics.filter(topic => patterns?.some(({ matches }) => matches(topic))).sort()
}

/** The lists with the topics that their patterns match among those that exist. */
export function namedTogether (together: readonly (readonly (string | TopicNames)[])[], existing: readonly string[]): string[][] {
  return together.map(list => list.flatMap(each => typeof each === 'string' ? [each] : matched([each], existing)))
}
