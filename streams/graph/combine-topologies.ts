import { TopologyError } from '../errors.ts'
import { buildTopology } from './build-topology.ts'
import type { Topology } from './topology.ts'

/**
 * Several topologies as one: one application id, one worker, one group. Each stays what it is alone, with its options, names,
 * dead letters and whatever it was configured with; only numbered names get its name before them, so that none of them changes
 * when a topology is added or taken away. A topic of which several read a stream is read once, and its records are processed in
 * the order of the topologies, in one task.
 */
export function combineTopologies (name: string, topologies: readonly Topology[]): Topology {
  const parts = topologies.flatMap(({ parts }) => parts)
  if (parts.length === 0) throw new TopologyError(`Topology '${name}' combines no topologies; give at least one.`)
  for (const [part, { length }] of Map.groupBy(parts, ({ name }) => name)) {
    if (length > 1) throw new TopologyError(`Topology '${name}' combines two topologies named '${part}'; give one another name, or run it under an application id of its own.`)
  }
  return buildTopology(name, parts, { prefixed: true })
}
