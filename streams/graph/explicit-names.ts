import { TopologyError } from '../errors.ts'
import type { Node } from './node.ts'
import { internalTopicsOf } from './topic-names.ts'

/** What `LogicalGraph` numbers; such a name becomes another when an operator is put in before it. */
const NUMBERED = /(K(STREAM|TABLE)-.*|-STATE-STORE-)[0-9]{10}/

/** Kafka Streams' `ensure.explicit.internal.resource.naming`: no store and no internal topic is left without a name of its author's. */
export function checkExplicitNames (topology: string, nodes: readonly Node[]): void {
  const stores = new Set(nodes.flatMap(({ stores }) => stores.map(({ name }) => name)))
  const numberedStores = [...stores].filter(name => NUMBERED.test(name))
  const numberedTopics = internalTopicsOf({ nodes }).map(({ name }) => name).filter(name => NUMBERED.test(name))
  if (numberedStores.length + numberedTopics.length === 0) return
  const found = [
    ...numberedStores.length === 0 ? [] : [`stores ${numberedStores.join(', ')} (give them a name with store: { name })`],
    ...numberedTopics.length === 0 ? [] : [`internal topics ${numberedTopics.join(', ')} (give the operator before them a name)`]
  ]
  throw new TopologyError(`Topology '${topology}' is to have only names that its author gave, and has numbered ones: ${found.join('; ')}.`)
}
