import { namedSubTopologies } from '../graph/topic-names.ts'
import type { SubTopology } from '../graph/sub-topologies.ts'
import type { Topology } from '../graph/topology.ts'
import type { Counter } from '../stores/counter.ts'
import type { Keyed } from '../stores/keyed.ts'
import type { List } from '../stores/list.ts'
import type { Ordered } from '../stores/ordered.ts'
import type { Reading } from '../stores/reading.ts'
import type { Rows } from '../stores/rows.ts'

/** A store that its author declares, with a table of the migrations' making. */
export type DeclaredStore = Counter | Keyed | List | Rows

export type Shape = DeclaredStore['kind'] | Reading['shape']

/** A store that can be read from outside. */
export type QueryableStore = QueryableTable | QueryableDeclared

/** Of an operator of the language. */
export interface QueryableTable {
  readonly name: string
  readonly shape: Reading['shape']
  readonly store: Ordered
  readonly reading: Reading
  /** Whose tasks hold it, with its topics as the cluster calls them. */
  readonly subTopology: SubTopology
}

export interface QueryableDeclared {
  readonly name: string
  readonly shape: DeclaredStore['kind']
  readonly store: DeclaredStore
  readonly reading?: never
  readonly subTopology: SubTopology
}

/** What the author declared or gave a name; what operators keep for themselves is left out. */
export function queryableStores (topology: Topology, applicationId: string): QueryableStore[] {
  return namedSubTopologies(topology, applicationId).flatMap(subTopology => subTopology.stores.flatMap((store): QueryableStore[] => {
    const { name } = store
    if (store.kind !== 'ordered') return [{ name, shape: store.kind, store, subTopology }]
    const { reading } = store
    return reading === undefined ? [] : [{ name, shape: reading.shape, store, reading, subTopology }]
  }))
}
