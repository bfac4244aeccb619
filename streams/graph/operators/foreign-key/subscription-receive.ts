import { openOrdered } from '../../../stores/open-ordered.ts'
import type { Ordered } from '../../../stores/ordered.ts'
import type { Wire } from '../../wire.ts'
import { within } from '../within.ts'
import type { CombinedKey, CombinedKeySerde, SubscriptionWrapper } from '../../../serdes/foreign-key.ts'

export interface Subscriptions<FK, K> {
  /** Who refers to which row of the right side. */
  readonly store: Ordered<SubscriptionWrapper<K>>
  readonly combinedKey: CombinedKeySerde<FK, K>
}

/** Remembers who refers to which foreign key. A row that refers to nothing is not remembered, and goes on for its answer. */
export function subscriptionReceive<FK, K> (
  { store, combinedKey }: Subscriptions<FK, K>
): Wire<FK | null, SubscriptionWrapper<K>, CombinedKey<FK | null, K>, SubscriptionWrapper<K>> {
  return (execution, node, forward) => {
    const subscriptions = openOrdered(execution, store)
    return within(execution, node, record => {
      const { key: foreignKey, value, timestamp, headers } = record
      const { instruction, primaryKey } = value
      if (foreignKey !== null) {
        const key = combinedKey.encode({ foreignKey, primaryKey }).toString('latin1')
        if (instruction === 'delete-key-and-propagate' || instruction === 'delete-key-no-propagate') subscriptions.delete(key)
        else subscriptions.put(key, value, timestamp)
      } else if (instruction !== 'propagate-null-if-no-fk-val-available') {
        return execution.drop(node, 'null-foreign-key')
      }
      forward({ key: { foreignKey, primaryKey }, value, timestamp, headers })
    })
  }
}
