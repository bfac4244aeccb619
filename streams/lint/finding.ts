import type { TopologyJson } from '../graph/describe/json.ts'
import type { Topology } from '../graph/topology.ts'

/** error: it will not run, or not go on as before · warning: it will hurt some day · note: to be known. */
export type Severity = 'error' | 'warning' | 'note'

export interface Finding {
  readonly rule: string
  readonly severity: Severity
  /** The node, store, topic, sub-topology or variable that it is about. */
  readonly node: string
  readonly found: string
  readonly todo: string
}

/** What rules are given. What was not asked for is undefined, and the rules about it find nothing. */
export interface LintSubject {
  readonly topology: Topology
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Of the topics that exist on the cluster, by name. */
  readonly partitionCounts: ReadonlyMap<string, number> | undefined
  /** What `describe --format json` has printed for an earlier version. */
  readonly earlier: TopologyJson | undefined
}

/** Looks at one thing. It knows nothing of services: all that it needs is in the subject. */
export type Rule = (subject: LintSubject) => readonly Finding[]
