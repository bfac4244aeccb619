import { behindPrefix } from '../../../stores/key-bytes.ts'
import { openOrdered } from '../../../stores/open-ordered.ts'
import type { Change } from '../../change.ts'
import type { Wire } from '../../wire.ts'
import { within } from '../within.ts'
import type { SubscriptionResponseWrapper } from '../../../serdes/foreign-key.ts'
import type { Subscriptions } from './subscription-receive.ts'

export interface ForeignTableJoin<FK, K> extends Subscriptions<FK, K> {
  /** Whether the right table keeps versions: then a row that is not the latest of its key changes nothing. */
  readonly versionedInput: boolean
}

/** Tells all rows of the left side that refer to a row of the right one what it has become, in the order of their keys' bytes. */
export function foreignTableJoin<FK, K, VO> (
  { store, combinedKey, versionedInput }: ForeignTableJoin<FK, K>
): Wire<FK, Change<VO>, K, SubscriptionResponseWrapper<VO>> {
  return (execution, node, forward) => {
    const subscriptions = openOrdered(execution, store)
    return within(execution, node, record => {
      const { key: foreignKey, value: { newValue, isLatest }, timestamp, headers } = record
      if (foreignKey === null || foreignKey === undefined) return execution.drop(node, 'null-key')
      if (versionedInput && !isLatest) return execution.drop(node, 'out-of-order')
      const prefix = combinedKey.prefix(foreignKey).toString('latin1')
      for (const { value: { hash, primaryKey, primaryPartition } } of subscriptions.range(prefix, behindPrefix(prefix))) {
        forward({ key: primaryKey, value: { originalValueHash: hash, foreignValue: newValue, primaryPartition }, timestamp, headers })
      }
    })
  }
}
