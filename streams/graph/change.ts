/** What happened to a row of a table: null where it was not, or is no longer. */
export interface Change<V> {
  readonly newValue: V | null
  readonly oldValue: V | null
}
