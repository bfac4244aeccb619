import type { TopicPartition } from './log.ts'

/** Each partition once, in the order in which they come first. */
export function distinct (partitions: readonly TopicPartition[]): TopicPartition[] {
  return [...new Map(partitions.map(each => [`${each.topic}/${each.partition}`, each])).values()]
}
