/** How values become an aggregate. `A` includes null where an aggregate may be nothing: what is null is not stored. */
export interface Aggregation<K, V, A> {
  readonly initializer: () => A
  readonly aggregator: (key: K, value: V, aggregate: A) => A
}

export interface SessionAggregation<K, V, A> extends Aggregation<K, V, A> {
  /** Of sessions that become one: what they are together so far, and the next of them. */
  readonly merger: (key: K, aggregate: A, other: A) => A
}

/** The first value as it is, then the reducer's. */
export function reducing<V> (reducer: (aggregate: NonNullable<V>, value: V) => V): SessionAggregation<unknown, V, V | null> {
  const reduce = (_key: unknown, value: V, aggregate: V | null): V | null =>
    aggregate === null || aggregate === undefined ? value : reducer(aggregate, value)
  return { initializer: () => null, aggregator: reduce, merger: (key, aggregate, other) => other === null ? aggregate : reduce(key, other, aggregate) }
}

export const counting: SessionAggregation<unknown, unknown, number> = {
  initializer: () => 0,
  aggregator: (_key, _value, count) => count + 1,
  merger: (_key, count, other) => count + other
}
