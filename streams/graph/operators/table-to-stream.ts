import type { Change } from '../change.ts'
import type { Wire } from '../wire.ts'
import { within } from './within.ts'

/** Changes become records: of each the new value, null where the row was deleted. */
export function tableToStream<K, V> (): Wire<K, Change<V>, K, V | null> {
  return (execution, node, forward) => within(execution, node, ({ key, value, timestamp, headers }) => forward({ key, value: value.newValue, timestamp, headers }))
}
