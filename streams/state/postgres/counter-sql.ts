import { splitKey } from '../../stores/columns.ts'
import type { Counter } from '../../stores/counter.ts'
import type { Change, CounterWrite } from '../state.ts'
import type { Statement, TextRow } from './database.ts'
import { encodeArray, quote, rowsOf } from './sql.ts'

/** Postgres adds, and answers with the new counts. Keys go in order: two workers that touch the same rows never wait for each other in a circle. */
export function addCounts (schema: string, { store, amounts }: CounterWrite): Statement {
  const keys = [...amounts.keys()].sort()
  return {
    prepared: true,
    text: addText(schema, store),
    values: [...keyArrays(keys, store.key.length), encodeArray('bigint', keys.map(key => amounts.get(key) ?? 0))]
  }
}

function addText (schema: string, store: Counter): string {
  const table = `${quote(schema)}.${quote(store.name)}`
  const columns = store.key.map(quote)
  const count = quote(store.count)
  const touched = store.updatedAt === undefined ? undefined : quote(store.updatedAt)
  return `insert into ${table} as t (${[...columns, count].join(', ')}) ${rowsOf([...columns.map(() => 'text'), 'bigint'])}
    on conflict (${columns.join(', ')}) do update set ${count} = t.${count} + excluded.${count}${touched === undefined ? '' : `, ${touched} = now()`}
    returning ${[...columns.map(column => `t.${column}`), `t.${count}`].join(', ')}`
}

export function countsChange (store: Counter, rows: readonly TextRow[]): Change {
  const width = store.key.length
  return { kind: 'counter', store, counts: new Map(rows.map(row => [keyOfRow(row, width), Number(row[width])])) }
}

/** A key's columns as one array each. */
export function keyArrays (keys: readonly string[], width: number): Buffer[] {
  if (width === 1) return [encodeArray('text', keys)]
  const parts = keys.map(splitKey)
  return Array.from({ length: width }, (_, index) => encodeArray('text', parts.map(part => part[index] ?? '')))
}

export function keyOfRow (row: TextRow, width: number): string {
  return width === 1 ? row[0] ?? '' : `${row[0]}\u0000${row[1]}`
}
