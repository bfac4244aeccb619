import { StateError, type State, type UnitTransaction } from '../../streams/state/state.ts'

/** What goes wrong with one unit, by the number of the transaction, from 1. */
export interface Faults {
  /** Before the positions are compared: whoever takes a task over here makes the unit lose it. */
  readonly beforeClaim?: (transaction: number) => Promise<void>
  /** happened: committed, and the answer is lost on its way · not-happened: the connection breaks before the commit arrives. */
  readonly commit?: (transaction: number) => 'answered' | 'happened' | 'not-happened'
}

/** A state whose transactions fail as told. */
export function withFaults (state: State, { beforeClaim = async () => {}, commit = () => 'answered' }: Faults): State {
  let transactions = 0
  return {
    ...state,
    async begin () {
      const transaction = ++transactions
      const unit = await state.begin()
      return {
        ...unit,
        async claim (...given) {
          await beforeClaim(transaction)
          return await unit.claim(...given)
        },
        async write (...given) {
          const fate = commit(transaction)
          if (fate === 'answered') return await unit.write(...given)
          if (fate === 'happened') await unit.write(...given)
          else await unit.rollback()
          throw new StateError('unknown', 'The connection broke while the commit was on its way.', undefined)
        }
      } satisfies UnitTransaction
    }
  }
}
