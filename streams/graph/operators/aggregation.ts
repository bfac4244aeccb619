/** How values become an aggregate. `A` includes null where an aggregate may be nothing: what is null is not stored. */
export interface Aggregation<K, V, A> {
  readonly initializer: () => A
  readonly aggregator: (aggregate: A, value: V, key: K) => A
}

export interface SessionAggregation<K, V, A> extends Aggregation<K, V, A> {
  /** Of sessions that become one: what they are together so far, and the next of them. */
  readonly merger: (aggregate: A, other: A, key: K) => A
}
