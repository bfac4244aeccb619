import type { LogRecord } from '../log/log.ts'
import type { UnitLedger, Verdict } from './unit-ledger.ts'
import { readStamp, stampOf } from './unit-stamp.ts'

/** Before the queue of a partition of an internal topic: lets through what committed units have written. */
export class UnitGate {
  readonly #ledger: UnitLedger
  /** The stamp that was judged last: the next record mostly bears the same. */
  #judged: { readonly stamp: Buffer, readonly verdict: Verdict } | undefined

  constructor (ledger: UnitLedger) {
    this.#ledger = ledger
  }

  judge (record: LogRecord): Verdict {
    const stamp = stampOf(record)
    // Somebody else put it there, on purpose: no unit of ours can undo it.
    if (stamp === undefined) return 'take'
    if (this.#judged?.stamp.equals(stamp) === true) return this.#judged.verdict
    const verdict = this.#ledger.judge(readStamp(stamp))
    // What is decided stays so.
    if (verdict !== 'wait') this.#judged = { stamp, verdict }
    return verdict
  }
}
