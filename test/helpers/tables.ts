import type { Column, Ordered, Store } from '../../streams/index.ts'
import type { Database } from '../../streams/state/postgres/database.ts'
import { parseColumn, quote, selectExpression } from '../../streams/state/postgres/sql.ts'
import type { Row } from '../../streams/state/state.ts'

/** A store's table as rows, read through its columns. */
export async function readTable (database: Database, schema: string, store: Store): Promise<Row[]> {
  if (store.kind === 'ordered') return await readOrdered(database, `${quote(schema)}.${quote(store.name)}`)
  const columns = columnsOf(store)
  const rows = await database.query({ text: `select ${columns.map(([name, column]) => selectExpression(name, column)).join(', ')} from ${quote(schema)}.${quote(store.name)}` })
  return rows.map(row => Object.fromEntries(columns.map(([name, column], index) => [name, parseColumn(column, row[index] ?? null)])))
}

async function readOrdered (database: Database, table: string): Promise<Row[]> {
  const rows = await database.query({ text: `select partition, key, value, timestamp, time from ${table}` })
  const latin1 = (text: string | null | undefined): string => Buffer.from((text ?? '').slice(2), 'hex').toString('latin1')
  return rows.map(([partition, key, value, timestamp, time]) => ({ partition: Number(partition), key: latin1(key), value: latin1(value), timestamp: Number(timestamp), time: Number(time) }))
}

function columnsOf (store: Exclude<Store, Ordered>): [string, Column][] {
  const text = { type: 'text', nullable: false } as const
  const bigint = { type: 'bigint', nullable: false } as const
  switch (store.kind) {
    case 'rows': return Object.entries(store.columns)
    case 'counter': return [...store.key.map((name): [string, Column] => [name, text]), [store.count, bigint]]
    case 'list': return [...store.key.map((name): [string, Column] => [name, text]), [store.position, bigint], ...Object.entries(store.entry)]
    case 'keyed': return [...store.key.map((name): [string, Column] => [name, text]), ['value', { type: 'jsonb', nullable: false }], ['version', bigint]]
  }
}
