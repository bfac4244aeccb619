import type { Finding, LintSubject } from './finding.ts'

/** Branches behind which nothing stands: what goes there is gone. */
export function unusedBranches ({ topology: { nodes } }: Pick<LintSubject, 'topology'>): Finding[] {
  return nodes.filter(node => node.kind === 'branch-case' && !nodes.some(({ parents }) => parents.includes(node))).map(({ name }) => ({
    rule: 'unused-branches', severity: 'warning', node: name, found: 'Nothing stands behind this branch, so its records are dropped.', todo: 'Send it somewhere, or leave its guard out: what no guard accepts is dropped and counted.'
  }))
}
