/** `reduce` as an aggregate: it begins with nothing, and the first value is taken as it is. */
export function reducing<V, W extends V | NonNullable<V>> (reducer: (aggregate: NonNullable<V>, value: W) => NonNullable<V>) {
  const join = (aggregate: NonNullable<V> | null, value: W): NonNullable<V> | null => aggregate === null ? value ?? null : reducer(aggregate, value)
  return {
    initializer: (): NonNullable<V> | null => null,
    aggregator: join,
    merger: (one: NonNullable<V> | null, other: NonNullable<V> | null): NonNullable<V> | null => one === null ? other : other === null ? one : reducer(one, other as W)
  }
}
