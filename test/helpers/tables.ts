import type { Column, Store } from '../../streams/index.ts'
import type { Database } from '../../streams/state/postgres/database.ts'
import { parseColumn, quote, selectExpression } from '../../streams/state/postgres/sql.ts'
import type { Row } from '../../streams/state/state.ts'

/** A store's table as rows, read through its columns. */
export async function readTable (database: Database, schema: string, store: Store): Promise<Row[]> {
  const columns = columnsOf(store)
  const rows = await database.query({ text: `select ${columns.map(([name, column]) => selectExpression(name, column)).join(', ')} from ${quote(schema)}.${quote(store.name)}` })
  return rows.map(row => Object.fromEntries(columns.map(([name, column], index) => [name, parseColumn(column, row[index] ?? null)])))
}

function columnsOf (store: Store): [string, Column][] {
  const text = { type: 'text', nullable: false } as const
  const bigint = { type: 'bigint', nullable: false } as const
  switch (store.kind) {
    case 'rows': return Object.entries(store.columns)
    case 'counter': return [...store.key.map((name): [string, Column] => [name, text]), [store.count, bigint]]
    case 'list': return [...store.key.map((name): [string, Column] => [name, text]), [store.position, bigint], ...Object.entries(store.entry)]
    case 'ordered': throw new TypeError(`Store '${store.name}' has no columns of its own.`)
    case 'keyed': return [...store.key.map((name): [string, Column] => [name, text]), ['value', { type: 'jsonb', nullable: false }], ['version', bigint]]
  }
}
