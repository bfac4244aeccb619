import { against } from './against.ts'
import { deadLetters } from './dead-letters.ts'
import type { Finding, LintSubject, Rule } from './finding.ts'
import { growsForEver } from './grows-for-ever.ts'
import { hastyRetries } from './hasty-retries.ts'
import { numberedResources } from './numbered-resources.ts'
import { unequalPartitions } from './unequal-partitions.ts'
import { unnamedStateful } from './unnamed-stateful.ts'
import { unreadTables } from './unread-tables.ts'
import { unsetVariables } from './unset-variables.ts'
import { unusedBranches } from './unused-branches.ts'

const rules: readonly Rule[] = [unequalPartitions, unsetVariables, against, deadLetters, unusedBranches, unreadTables, unnamedStateful, numberedResources, hastyRetries, growsForEver]
const order = ['error', 'warning', 'note'] as const

/** What is to be said about a topology before it is run: what is worst comes first. */
export function lint (subject: LintSubject): Finding[] {
  const findings = rules.flatMap(rule => rule(subject))
  return order.flatMap(severity => findings.filter(finding => finding.severity === severity))
}
