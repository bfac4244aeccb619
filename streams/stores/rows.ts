import { type Columns, type RowOf } from './columns.ts'
import { checkStoreName } from './names.ts'

/** An insert-only log whose key decides whether a row is new. Not projected: it is truth, not a feature. */
export interface Rows<C extends Columns = Columns, K extends readonly string[] = readonly string[]> {
  readonly kind: 'rows'
  readonly name: string
  readonly key: K
  readonly columns: C
}

export type RowKey<C extends Columns, K extends readonly string[]> = { readonly [P in K[number] & keyof C]: RowOf<C>[P] }

export interface RowsWriter<C extends Columns = Columns, K extends readonly string[] = readonly string[]> {
  /** Decides: an insert after `false` is checked when the unit is written, and the unit is run again if somebody was first. */
  readonly has: (key: RowKey<C, K>) => boolean
  /** Without a `has` before it, a row whose key is already there changes nothing. */
  readonly insert: (row: RowOf<C>) => void
}

export function defineRows<C extends Columns, const K extends readonly (keyof C & string)[]> (
  { name, key, columns }: { readonly name: string, readonly key: K, readonly columns: C }
): Rows<C, K> {
  checkStoreName('Rows', name)
  return Object.freeze({ kind: 'rows', name, key, columns })
}

/** A row's key as one string: its only text column as it is, else JSON, because its columns may be of any type. */
export function joinRowKey ({ key, columns }: Pick<Rows, 'key' | 'columns'>, row: Readonly<Record<string, unknown>>): string {
  const only = onlyTextColumn({ key, columns })
  return only === undefined ? JSON.stringify(key.map(name => row[name])) : String(row[only])
}

export function splitRowKey ({ key, columns }: Pick<Rows, 'key' | 'columns'>, joined: string): (string | number | boolean | null)[] {
  return onlyTextColumn({ key, columns }) === undefined ? JSON.parse(joined) : [joined]
}

function onlyTextColumn ({ key, columns }: Pick<Rows, 'key' | 'columns'>): string | undefined {
  const [name] = key
  return key.length === 1 && name !== undefined && columns[name]?.type === 'text' ? name : undefined
}
