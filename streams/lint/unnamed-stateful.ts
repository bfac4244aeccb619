import { isNumbered } from '../graph/numbered.ts'
import type { Finding, LintSubject } from './finding.ts'

/** A node that keeps state is looked for in drawings, logs and metrics: a number says nothing, and changes. */
export function unnamedStateful ({ topology }: Pick<LintSubject, 'topology'>): Finding[] {
  return topology.nodes.filter(({ name, stores }) => stores.length > 0 && isNumbered(name)).map(({ name, stores }) => ({
    rule: 'unnamed-stateful',
    severity: 'warning',
    node: name,
    found: `It keeps state (${stores.map(store => store.name).join(', ')}) and has a numbered name.`,
    todo: 'Give its operator a name: { name }.'
  }))
}
