import { describeAsJson } from '../graph/describe/json.ts'
import { compareInternalTopics } from './compare-internal-topics.ts'
import { compareStores } from './compare-stores.ts'
import { compareSubTopologies } from './compare-sub-topologies.ts'
import type { Finding, LintSubject } from './finding.ts'

/** What becomes of the positions, rows and records of an earlier version: what is compatible is a note, what needs a reset an error. */
export function against ({ topology, earlier }: Pick<LintSubject, 'topology' | 'earlier'>): Finding[] {
  if (earlier === undefined) return []
  const now = describeAsJson(topology)
  return [...compareSubTopologies(earlier, now), ...compareStores(earlier, now), ...compareInternalTopics(earlier, now)]
}
