import type { ValueGetterSupplier } from '../../value-getter.ts'
import type { Wire } from '../../wire.ts'
import { within } from '../within.ts'
import type { CombinedKey, SubscriptionResponseWrapper, SubscriptionWrapper } from '../../../serdes/foreign-key.ts'

/** Answers a row of the left side with the value it refers to now, as far as its instruction asks for an answer. */
export function subscriptionJoin<FK, K, VO> (
  right: ValueGetterSupplier<FK, VO>
): Wire<CombinedKey<FK | null, K>, SubscriptionWrapper<K>, K, SubscriptionResponseWrapper<VO>> {
  return (execution, node, forward) => {
    const foreignValues = right.open(execution)
    return within(execution, node, record => {
      const { key: { foreignKey, primaryKey }, value: { instruction, hash, primaryPartition }, headers } = record
      if (instruction === 'delete-key-no-propagate') return
      const row = foreignKey === null ? undefined : foreignValues.get(foreignKey)
      if (instruction === 'propagate-only-if-fk-val-available' && row === undefined) return
      const foreignValue = instruction === 'delete-key-and-propagate' ? null : row?.value ?? null
      const timestamp = row === undefined ? record.timestamp : Math.max(record.timestamp, row.timestamp)
      forward({ key: primaryKey, value: { originalValueHash: hash, foreignValue, primaryPartition }, timestamp, headers })
    })
  }
}
