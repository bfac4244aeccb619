import { type Columns, type KeyColumns, type KeyOf, type RowOf } from './columns.ts'
import { checkStoreName } from './names.ts'

/**
 * Keyed state whose value is the newest entries of a key. One row per entry, numbered from 1 by the position column;
 * the number of the newest is the key's version, kept in the table `<name>_newest`: who appends to a list that
 * has moved on meanwhile writes nothing and runs again.
 *
 * Projected as one value per key, newest first.
 */
export interface List<K extends KeyColumns = KeyColumns, E extends Columns = Columns> {
  readonly kind: 'list'
  readonly name: string
  readonly key: K
  readonly position: string
  readonly entry: E
}

export interface ListWriter<K extends KeyColumns = KeyColumns, E extends Columns = Columns> {
  /** Newest first. */
  readonly entries: (key: KeyOf<K>) => readonly RowOf<E>[]
  readonly newest: (key: KeyOf<K>) => RowOf<E> | undefined
  /** Adds the newest entry and forgets all but the newest `keep`. */
  readonly append: (key: KeyOf<K>, entry: RowOf<E>, options: { readonly keep: number }) => void
}

export function defineList<const K extends KeyColumns, E extends Columns> (
  { name, key, position, entry }: { readonly name: string, readonly key: K, readonly position: string, readonly entry: E }
): List<K, E> {
  checkStoreName('List', name, '_newest')
  return Object.freeze({ kind: 'list', name, key, position, entry })
}
