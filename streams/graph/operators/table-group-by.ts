import type { Change } from '../change.ts'
import type { Serde } from '../../serdes/serde.ts'
import type { Wire } from '../wire.ts'
import { within } from './within.ts'

export interface TableGroupBy<K, V, K2, V2> {
  /** The group of a row and what it counts there with; no group where there is no pair, or one half of it is null. */
  readonly mapper: (value: V, key: K) => readonly [K2 | null, V2 | null] | null
  /** Groups are the same where their bytes are. */
  readonly key: Serde<K2>
  /** Whether the table before keeps versions: then a row that is not the latest of its key changes no group. */
  readonly versionedInput: boolean
}

/**
 * Takes a row's old value out of its group and brings its new one in. In one change where the group is the same: it comes out
 * as one update. Else in two, the old one first. The table before has to send old values.
 */
export function tableGroupBy<K, V, K2, V2> ({ mapper, key: keySerde, versionedInput }: TableGroupBy<K, V, K2, V2>): Wire<K, Change<V>, K2, Change<V2>> {
  const pairOf = (value: V | null, key: K): { readonly group: K2, readonly value: V2 } | undefined => {
    if (value === null) return undefined
    const [group, mapped] = mapper(value, key) ?? [null, null]
    return group === null || mapped === null ? undefined : { group, value: mapped }
  }
  const isSame = (one: K2, other: K2): boolean => Object.is(one, other) || keySerde.encode(one).equals(keySerde.encode(other))
  return (execution, node, forward) => within(execution, node, record => {
    const { key, value: { newValue, oldValue, isLatest }, timestamp, headers } = record
    if (versionedInput && !isLatest) return
    const added = pairOf(newValue, key)
    const removed = pairOf(oldValue, key)
    const hand = (group: K2, change: { readonly newValue: V2 | null, readonly oldValue: V2 | null }): void =>
      forward({ key: group, value: { ...change, isLatest }, timestamp, headers })
    if (added !== undefined && removed !== undefined && isSame(added.group, removed.group)) {
      return hand(removed.group, { newValue: added.value, oldValue: removed.value })
    }
    if (removed !== undefined) hand(removed.group, { newValue: null, oldValue: removed.value })
    if (added !== undefined) hand(added.group, { newValue: added.value, oldValue: null })
  })
}
