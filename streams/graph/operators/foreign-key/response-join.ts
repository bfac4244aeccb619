import type { ValueGetterSupplier } from '../../value-getter.ts'
import type { Wire } from '../../wire.ts'
import { within } from '../within.ts'
import type { SubscriptionResponseWrapper } from '../../../serdes/foreign-key.ts'

export interface ResponseJoin<K, V, VO, VR> {
  readonly kind: 'inner' | 'left'
  readonly left: ValueGetterSupplier<K, V>
  readonly hash: (value: V) => Buffer
  readonly joiner: (left: V, right: VO | null) => VR | null
}

/** Joins an answer with the row it was asked for. The row may have changed since: then the answer is stale, and another is on its way. */
export function responseJoin<K, V, VO, VR> ({ kind, left, hash, joiner }: ResponseJoin<K, V, VO, VR>): Wire<K, SubscriptionResponseWrapper<VO>, K, VR | null> {
  return (execution, node, forward) => {
    const rows = left.open(execution)
    return within(execution, node, record => {
      const { key, value: { originalValueHash, foreignValue }, timestamp, headers } = record
      const row = rows.get(key)
      if (!isSame(originalValueHash, row === undefined ? null : hash(row.value))) return execution.drop(node, 'stale-response')
      const value = row === undefined || (foreignValue === null && kind === 'inner') ? null : joiner(row.value, foreignValue)
      forward({ key, value, timestamp, headers })
    })
  }
}

function isSame (one: Buffer | null, other: Buffer | null): boolean {
  return one === null || other === null ? one === other : one.equals(other)
}
