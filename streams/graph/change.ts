/** How a row of a table changed: what travels between the nodes of tables. null: there is no row. */
export interface Change<V> {
  readonly newValue: V | null
  /** null also where nobody behind the table asked for it. */
  readonly oldValue: V | null
  /** False only behind a versioned table, for a row that is older than the newest one of its key. */
  readonly isLatest: boolean
}
