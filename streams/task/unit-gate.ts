import type { LogRecord } from '../log/log.ts'
import type { UnitLedger, Verdict } from './unit-ledger.ts'
import { retryOf, type Retry } from './calls/retry-record.ts'
import { readStamp, stampOf } from './unit-stamp.ts'

/** Before the queue of a partition of an internal topic: lets through what committed units have written, when it is due. */
export class UnitGate {
  readonly #ledger: UnitLedger
  /** The stamp that was judged last: the next record mostly bears the same. */
  #judged: { readonly stamp: Buffer, readonly verdict: Verdict } | undefined
  readonly #now: () => number
  /** Of the record that was looked at last. */
  #looked: { readonly record: LogRecord, readonly retry: Retry | undefined } | undefined

  constructor (ledger: UnitLedger, now: () => number) {
    this.#ledger = ledger
    this.#now = now
  }

  judge (record: LogRecord): Verdict {
    const verdict = this.#judgeUnit(record)
    return verdict === 'take' && this.heldUntil(record) !== undefined ? 'wait' : verdict
  }

  /** When a record is due that is not yet; undefined: it is. */
  heldUntil (record: LogRecord): number | undefined {
    const heldUntilMs = this.retryOf(record)?.heldUntilMs
    return heldUntilMs !== undefined && heldUntilMs > this.#now() ? heldUntilMs : undefined
  }

  /** What is known of a record that is tried again. */
  retryOf (record: LogRecord): Retry | undefined {
    if (this.#looked?.record !== record) this.#looked = { record, retry: retryOf(record) }
    return this.#looked.retry
  }

  #judgeUnit (record: LogRecord): Verdict {
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
