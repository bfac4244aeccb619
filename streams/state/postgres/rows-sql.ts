import type { Column } from '../../stores/columns.ts'
import { joinRowKey, splitRowKey, type Rows } from '../../stores/rows.ts'
import type { RowsWrite } from '../state.ts'
import type { Statement, TextRow } from './database.ts'
import { encodeArray, parseColumn, quote, rowsOf, selectExpression } from './sql.ts'

/**
 * Rows go in key order: two workers that insert the same ones never wait for each other in a circle. Answers with the keys of
 * those that were not there before, if any of them decides something.
 */
export function insertRows (schema: string, { store, rows, decided }: RowsWrite): Statement {
  const columns = Object.entries(store.columns)
  // Without a function to compare by, strings are compared within the runtime.
  const values = [...rows.keys()].sort().map(key => rows.get(key))
  return {
    prepared: true,
    text: insertText(schema, store, columns) + (decided.length === 0 ? '' : ` returning ${keySelection(store)}`),
    values: columns.map(([name, { type }]) => encodeArray(type, values.map(row => row?.[name] ?? null)))
  }
}

function insertText (schema: string, store: Rows, columns: readonly (readonly [string, Column])[]): string {
  const names = columns.map(([name]) => quote(name)).join(', ')
  return `insert into ${quote(schema)}.${quote(store.name)} (${names}) ${rowsOf(columns.map(([, { type }]) => type))}
    on conflict (${store.key.map(quote).join(', ')}) do nothing`
}

export function findRows (schema: string, store: Rows, keys: readonly string[]): Statement {
  const parts = keys.map(key => splitRowKey(store, key))
  const columns = store.key.map(name => columnOf(store, name))
  const [only] = columns
  const table = `${quote(schema)}.${quote(store.name)}`
  const values = columns.map(({ type }, index) => encodeArray(type, parts.map(part => part[index] ?? null)))
  if (columns.length === 1 && only !== undefined) {
    return { prepared: true, text: `select ${keySelection(store)} from ${table} where ${quote(store.key[0] ?? '')} = any($1::${only.type}[])`, values }
  }
  const arrays = columns.map(({ type }, index) => `$${index + 1}::${type}[]`).join(', ')
  return {
    prepared: true,
    text: `select ${keySelection(store)} from ${table} join unnest(${arrays}) as wanted (${store.key.map(quote).join(', ')}) using (${store.key.map(quote).join(', ')})`,
    values
  }
}

export function rowKeysOf (store: Rows, rows: readonly TextRow[]): Set<string> {
  const columns = store.key.map(name => columnOf(store, name))
  return new Set(rows.map(row => joinRowKey(store, Object.fromEntries(columns.map((column, index) => [store.key[index] ?? '', parseColumn(column, row[index] ?? null)])))))
}

function keySelection (store: Rows): string {
  return store.key.map(name => selectExpression(name, columnOf(store, name))).join(', ')
}

function columnOf (store: Rows, name: string): Column {
  const column = store.columns[name]
  if (column === undefined) throw new TypeError(`Rows '${store.name}' has '${name}' in its key but not among its columns.`)
  return column
}
