import type { Change } from '../../change.ts'
import type { Serde } from '../../../serdes/serde.ts'
import type { Wire } from '../../wire.ts'
import { within } from '../within.ts'
import type { Instruction, SubscriptionWrapper } from '../../../serdes/foreign-key.ts'

export interface SubscriptionSend<K, V, FK> {
  readonly kind: 'inner' | 'left'
  /** null: the row refers to nothing. */
  readonly foreignKey: (value: V, key: K) => FK | null
  /** Foreign keys are the same where their bytes are. */
  readonly foreignKeySerde: Serde<FK>
  readonly hash: (value: V) => Buffer
  /** Whether the left table keeps versions: then a row that is not the latest of its key refers to nothing. */
  readonly versionedInput: boolean
}

type Message<FK> = readonly [foreignKey: FK | null, Instruction]

/** Tells the right side what each row of the left one refers to now. The left table has to send old values. */
export function subscriptionSend<K, V, FK> (
  { kind, foreignKey, foreignKeySerde, hash, versionedInput }: SubscriptionSend<K, V, FK>
): Wire<K, Change<V>, FK | null, SubscriptionWrapper<K>> {
  const referenceOf = (value: V | null, key: K): FK | null => value === null ? null : foreignKey(value, key)
  const isSame = (one: FK, other: FK | null): boolean => other !== null && foreignKeySerde.encode(one).equals(foreignKeySerde.encode(other))
  return (execution, node, forward) => within(execution, node, record => {
    const { key, value: { newValue, oldValue, isLatest }, timestamp, headers } = record
    if (versionedInput && !isLatest) return execution.drop(node, 'out-of-order')
    if (newValue === null && oldValue === null) return
    const from = referenceOf(oldValue, key)
    const to = referenceOf(newValue, key)
    const moves = from !== null && !isSame(from, to)
    if (kind === 'inner' && newValue !== null && to === null) execution.drop(node, 'null-foreign-key')
    const valueHash = newValue === null ? null : hash(newValue)
    for (const [reference, instruction] of kind === 'left' ? leftMessages(from, to, moves) : innerMessages(from, to, moves)) {
      forward({ key: reference, value: { hash: valueHash, instruction, primaryKey: key, primaryPartition: execution.partition() }, timestamp, headers })
    }
  })
}

/** Every change needs an answer, since the row is a result also without a partner; so a deleted row asks too, with no foreign key. */
function leftMessages<FK> (from: FK | null, to: FK | null, moves: boolean): readonly Message<FK>[] {
  const ask: Message<FK> = [to, 'propagate-null-if-no-fk-val-available']
  return moves ? [[from, 'delete-key-no-propagate'], ask] : [ask]
}

/** A result that may be there has to go, though nobody knows here whether it is: so a row that never joined can give a needless delete. */
function innerMessages<FK> (from: FK | null, to: FK | null, moves: boolean): readonly Message<FK>[] {
  if (to === null) return from === null ? [] : [[from, 'delete-key-and-propagate']]
  if (from === null) return [[to, 'propagate-only-if-fk-val-available']]
  const ask: Message<FK> = [to, 'propagate-null-if-no-fk-val-available']
  return moves ? [[from, 'delete-key-no-propagate'], ask] : [ask]
}
