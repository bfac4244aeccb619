import type { Change } from '../change.ts'
import type { Wire } from '../wire.ts'
import { within } from './within.ts'

/** Where the aggregates of a cogroup come together: they share one store and have written to it already. */
export function tablePassThrough<K, V> (): Wire<K, Change<V>, K, Change<V>> {
  return (execution, node, forward) => within(execution, node, forward)
}
