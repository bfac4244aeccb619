import type { Change } from '../change.ts'
import type { ValueGetterSupplier } from '../value-getter.ts'
import type { Wire } from '../wire.ts'
import { within } from './within.ts'

/** inner: a row where both tables have one · left: where the left one has · outer: where one of them has. */
export type JoinKind = 'inner' | 'left' | 'outer'

export interface TableTableJoin<K, L, R, V> {
  readonly kind: JoinKind
  readonly left: ValueGetterSupplier<K, L>
  readonly right: ValueGetterSupplier<K, R>
  /** A side that has no row is null, where the kind lets it be. */
  readonly joiner: (left: L | null, right: R | null, key: K) => V | null
}

export interface JoinSide {
  readonly sendsOldValues: () => boolean
  /** Whether this side's table keeps versions: then a row that is not the latest of its key joins nothing. */
  readonly versionedInput: boolean
}

/** The left table's changes, joined with what the right one has now. */
export function joinLeft<K, L, R, V> ({ kind, right, joiner }: TableTableJoin<K, L, R, V>, side: JoinSide): Wire<K, Change<L>, K, Change<V>> {
  return joinWith(right, joiner, { ...side, needsOwn: kind !== 'outer', needsOther: kind === 'inner' })
}

/** The right table's changes, joined with what the left one has now. */
export function joinRight<K, L, R, V> ({ kind, left, joiner }: TableTableJoin<K, L, R, V>, side: JoinSide): Wire<K, Change<R>, K, Change<V>> {
  return joinWith(left, (right, other, key) => joiner(other, right, key), { ...side, needsOwn: kind === 'inner', needsOther: kind !== 'outer' })
}

/** Reads a join that has no store of its own. What joins tables with versions keeps none. */
export function joinedValues<K, L, R, V> ({ kind, left, right, joiner }: TableTableJoin<K, L, R, V>): ValueGetterSupplier<K, V> {
  return {
    stores: [...new Set([...left.stores, ...right.stores])],
    open (execution) {
      const lefts = left.open(execution)
      const rights = right.open(execution)
      return {
        get (key) {
          const leftRow = lefts.get(key)
          if (leftRow === undefined && kind !== 'outer') return undefined
          const rightRow = rights.get(key)
          if (rightRow === undefined && (kind === 'inner' || leftRow === undefined)) return undefined
          const value = joiner(leftRow?.value ?? null, rightRow?.value ?? null, key)
          return value === null ? undefined : { value, timestamp: Math.max(leftRow?.timestamp ?? -1, rightRow?.timestamp ?? -1) }
        },
        getAsOf: undefined
      }
    }
  }
}

function joinWith<K, A, B, V> (
  other: ValueGetterSupplier<K, B>,
  joiner: (own: A | null, other: B | null, key: K) => V | null,
  { sendsOldValues, versionedInput, needsOwn, needsOther }: JoinSide & { readonly needsOwn: boolean, readonly needsOther: boolean }
): Wire<K, Change<A>, K, Change<V>> {
  return (execution, node, forward) => {
    const sends = sendsOldValues()
    const others = other.open(execution)
    return within(execution, node, record => {
      const { key, value: { newValue, oldValue, isLatest }, timestamp, headers } = record
      if (key === null || key === undefined) return execution.drop(node, 'null-key')
      if (versionedInput && !isLatest) return execution.drop(node, 'out-of-order')
      const row = others.get(key)
      if (row === undefined && (needsOther || (newValue === null && oldValue === null))) return
      const join = (own: A | null): V | null => own === null && (needsOwn || row === undefined) ? null : joiner(own, row?.value ?? null, key)
      forward({
        key,
        value: { newValue: join(newValue), oldValue: sends ? join(oldValue) : null, isLatest },
        timestamp: row === undefined ? timestamp : Math.max(timestamp, row.timestamp),
        headers
      })
    })
  }
}
