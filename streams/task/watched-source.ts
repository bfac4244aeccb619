import { deadLetterPlaceOf } from '../graph/dead-letter-place.ts'
import type { Node } from '../graph/node.ts'
import type { Topology } from '../graph/topology.ts'

/** A topic that is read, as it is named to whoever has to do with a record that does not end. */
export interface WatchedSource {
  readonly topic: string
  readonly subTopology: string
  readonly hasDeadLetters: boolean
}

export function watchedSource (topology: Topology, source: Node, topic: string): WatchedSource {
  return {
    topic,
    subTopology: topology.subTopologies.find(({ nodes }) => nodes.includes(source))?.name ?? '',
    hasDeadLetters: deadLetterPlaceOf(topology, source) !== undefined
  }
}
