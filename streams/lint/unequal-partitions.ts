import { messageOf } from '../errors.ts'
import { namedSubTopologies } from '../graph/topic-names.ts'
import { internalPartitions } from '../worker/internal-topics.ts'
import type { Finding, LintSubject } from './finding.ts'

/** Records of one key meet only where all topics that are read together have the same number of partitions. */
export function unequalPartitions ({ topology, partitionCounts }: Pick<LintSubject, 'topology' | 'partitionCounts'>): Finding[] {
  if (partitionCounts === undefined) return []
  const rule = 'unequal-partitions'
  const found = [...partitionCounts.keys()]
  const missing = topology.sources.flatMap(({ topics }) => topics.filter(({ name, internal }) => !internal && !partitionCounts.has(name)))
  let counts: ReadonlyMap<string, number>
  try {
    counts = new Map([...partitionCounts, ...internalPartitions(topology, topology.name, partitionCounts, found)])
  } catch (error) {
    // Only what exists has a count, so those of internal topics may be open yet.
    if (missing.length === 0) return [{ rule, severity: 'error', node: topology.name, found: messageOf(error), todo: 'Give the internal topic a number of partitions.' }]
    counts = partitionCounts
  }
  const groups = namedSubTopologies(topology, topology.name, found).flatMap(({ name, copartitioned }) => copartitioned.map(topics => ({ name, topics })))
  const unequal = groups.flatMap(({ name, topics }): Finding[] => {
    const read = [...new Set(topics)].filter(topic => counts.has(topic))
    if (new Set(read.map(topic => counts.get(topic))).size < 2) return []
    return [{ rule, severity: 'error', node: name, found: `It reads ${read.map(topic => `${topic} with ${counts.get(topic)}`).join(', ')} partitions: partition p of all of them is one task.`, todo: 'Make them equal, or repartition() the one that differs before it is joined or merged.' }]
  })
  return [
    ...unequal,
    ...missing.map(({ name }): Finding => ({ rule, severity: 'note', node: name, found: 'The topic does not exist on this cluster.', todo: 'Create it, or let the first start make it.' }))
  ]
}
