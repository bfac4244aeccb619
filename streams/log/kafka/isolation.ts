/** From its first offset on, what this producer wrote in transactions is void, up to the next abort marker. */
export interface AbortedTransaction {
  readonly producerId: number
  readonly firstOffset: number
}

interface TransactionalBatch {
  readonly producerId: number
  readonly lastOffset: number
}

/**
 * Tells which batches of one fetched partition belong to aborted transactions. The client's own filter keeps one range per
 * producer, so of two aborts in one answer the first leaks, and so does one whose marker lies beyond the answer.
 */
export class AbortedFilter {
  readonly #pending: AbortedTransaction[]
  readonly #aborting = new Set<number>()

  constructor (aborted: readonly AbortedTransaction[]) {
    this.#pending = aborted.toSorted((a, b) => b.firstOffset - a.firstOffset)
  }

  /** Asked for every batch in offset order. */
  isAborted ({ producerId, lastOffset }: TransactionalBatch): boolean {
    for (let next = this.#pending.at(-1); next !== undefined && next.firstOffset <= lastOffset; next = this.#pending.at(-1)) {
      this.#aborting.add(next.producerId)
      this.#pending.pop()
    }
    return this.#aborting.has(producerId)
  }

  /** The marker of an aborted transaction: what this producer writes after it counts again. */
  onAbortMarker (batch: TransactionalBatch): void {
    this.isAborted(batch)
    this.#aborting.delete(batch.producerId)
  }
}
