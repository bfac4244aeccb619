import type { Node } from './node.ts'
import type { Topic } from './topic.ts'

/**
 * Topics in which records of a sub-topology wait to be tried again. Each lies there in the partition of its task, whatever the topic that it is from, so
 * they have a partition for every task; and they ask nothing of the other topics.
 */
export function retryTopicsOf (nodes: readonly Node[]): ReadonlySet<Topic> {
  return new Set(nodes.flatMap(({ calls }) => calls?.retryTopics ?? []))
}
