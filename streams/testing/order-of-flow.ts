import type { SubTopology } from '../graph/sub-topologies.ts'

/** Who writes a topic before who reads it; in a circle somebody is first. */
export function inOrderOfFlow (subTopologies: readonly SubTopology[]): SubTopology[] {
  const ordered = new Set<SubTopology>()
  const visited = new Set<SubTopology>()
  const visit = (subTopology: SubTopology): void => {
    if (visited.has(subTopology)) return
    visited.add(subTopology)
    for (const before of subTopologies) if (writesTo(before, subTopology)) visit(before)
    ordered.add(subTopology)
  }
  subTopologies.forEach(visit)
  return [...ordered]
}

function writesTo ({ nodes }: SubTopology, { nodes: readers }: SubTopology): boolean {
  const read = new Set(readers.flatMap(({ topics }) => topics))
  return nodes.some(({ kind, topic }) => kind === 'sink' && topic !== undefined && read.has(topic))
}
