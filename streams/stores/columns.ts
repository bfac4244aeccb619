/**
 * Columns of a store's table, as data. The type of a row is inferred from them; the table itself is made by a migration.
 */

/** What a column holds in TypeScript, by its Postgres type. jsonb is kept as its text, so that nothing is parsed on the way through. */
interface ColumnValues {
  text: string
  bigint: number
  integer: number
  'double precision': number
  boolean: boolean
  jsonb: string
  /** Milliseconds since 1970. */
  timestamptz: number
}

export type ColumnType = keyof ColumnValues

export interface Column<T extends ColumnType = ColumnType, Nullable extends boolean = boolean> {
  readonly type: T
  readonly nullable: Nullable
}

export type Columns = Readonly<Record<string, Column>>

type ColumnValue<C extends Column> = C extends Column<infer T, infer N> ? ColumnValues[T] | (N extends true ? null : never) : never

/** The row that a set of columns describes. */
export type RowOf<C extends Columns> = { readonly [K in keyof C]: ColumnValue<C[K]> }

export function column<T extends ColumnType> (type: T): Column<T, false> {
  return { type, nullable: false }
}

export function nullable<T extends ColumnType> (type: T): Column<T, true> {
  return { type, nullable: true }
}

/** A key is made of one or two text columns; in memory it is one string, joined with U+0000, which Postgres text cannot hold. */
export type KeyColumns = readonly [string] | readonly [string, string]

export type KeyOf<K extends KeyColumns> = { readonly [P in K[number]]: string }

const KEY_SEPARATOR = '\u0000'

export function joinKey (columns: KeyColumns, key: Readonly<Record<string, unknown>>): string {
  const first = keyPart(columns[0], key[columns[0]])
  return columns.length === 1 ? first : first + KEY_SEPARATOR + keyPart(columns[1], key[columns[1]])
}

export function splitKey (key: string): string[] {
  return key.split(KEY_SEPARATOR)
}

function keyPart (column: string, value: unknown): string {
  if (typeof value !== 'string') throw new TypeError(`Key column '${column}' must be a string, not ${value === null ? 'null' : typeof value}.`)
  if (!value.isWellFormed()) throw new TypeError(`Key column '${column}' holds a lone surrogate, which is no text.`)
  if (value.includes(KEY_SEPARATOR)) throw new TypeError(`Key column '${column}' holds U+0000, which Postgres text cannot store.`)
  return value
}
