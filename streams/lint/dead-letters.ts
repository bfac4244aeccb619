import { deadLetterPlaceOf } from '../graph/dead-letter-place.ts'
import type { Node } from '../graph/node.ts'
import type { Finding, LintSubject } from './finding.ts'

/** Where a record goes that is refused, cannot be decoded or makes a node fail: behind each branch, and for each source. */
export function deadLetters ({ topology }: Pick<LintSubject, 'topology'>): Finding[] {
  const behind = (node: Node): Node[] => topology.nodes.filter(({ parents }) => parents.includes(node))
  const leadsToDeadLetters = (node: Node): boolean => node.kind === 'dead-letter-sink' || behind(node).some(leadsToDeadLetters)
  const isValidated = (node: Node): boolean => node.kind === 'validate' || node.parents.some(isValidated)
  const branches = topology.nodes.filter(node => node.kind === 'branch' && isValidated(node) && !leadsToDeadLetters(node))
  const sources = topology.sources.filter(({ node, topics }) => !topics.some(({ internal }) => internal) && deadLetterPlaceOf(topology, node) === undefined)
  return [
    ...branches.map(({ name }): Finding => ({
      rule: 'dead-letters', severity: 'warning', node: name, found: 'None of its branches leads to a place for dead letters, and a validation stands before it.', todo: 'Add a branch with isRejected, and end it with to(topic, { format }).'
    })),
    ...sources.map(({ node, topics, pattern }): Finding => ({
      rule: 'dead-letters', severity: 'warning', node: node.name, found: `A record of '${topics.map(({ name }) => name).join("', '") || pattern?.pattern}' that cannot be decoded or processed stops the application: nothing says where it goes.`, todo: 'Give the topology a place for them, deadLetters: { topic, format }, or branch behind a validation.'
    }))
  ]
}
