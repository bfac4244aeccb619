/** unknown: there is no such store · refused: the store cannot be asked so · behind: it has not come so far in time. */
export type QueryErrorKind = 'unknown' | 'refused' | 'behind'

/** A question that got no answer, and why; the message is for who asked. */
export class QueryError extends Error {
  override readonly name = 'QueryError'
  readonly kind: QueryErrorKind

  constructor (kind: QueryErrorKind, message: string, options?: ErrorOptions) {
    super(message, options)
    this.kind = kind
  }
}
