import type { TestContext } from 'node:test'
import { ensureEngineSchema, migrate, openPglite } from '../../streams/runtime.ts'
import type { Column, Columns, Store } from '../../streams/index.ts'

/** A column as Postgres has it; of text it says how it compares. */
export interface MigratedColumn {
  readonly type: string
  readonly required: boolean
}

export interface MigratedTable {
  readonly columns: ReadonlyMap<string, MigratedColumn>
  /** Columns that an insert may leave out. */
  readonly optional: ReadonlySet<string>
  readonly key: readonly string[]
}

/** A table that a store needs. */
export interface WantedTable {
  readonly name: string
  readonly columns: Readonly<Record<string, MigratedColumn>>
  readonly key: readonly string[]
}

const KEY: MigratedColumn = { type: 'text collate "C"', required: true }
const NUMBER: MigratedColumn = { type: 'bigint', required: true }

/** What the statements of `streams/state/postgres/` expect for a store of this kind. */
export function tablesOf (store: Store): WantedTable[] {
  const keys = store.kind === 'rows' ? {} : Object.fromEntries(store.key.map(name => [name, KEY]))
  switch (store.kind) {
    case 'counter': return [{
      name: store.name,
      key: store.key,
      columns: { ...keys, [store.count]: NUMBER, ...(store.updatedAt === undefined ? {} : { [store.updatedAt]: { type: 'timestamp with time zone', required: true } }) }
    }]
    case 'keyed': return [{ name: store.name, key: store.key, columns: { ...keys, version: NUMBER, value: { type: 'jsonb', required: true } } }]
    case 'list': return [
      { name: store.name, key: [...store.key, store.position], columns: { ...keys, [store.position]: NUMBER, ...columnsOf(store.entry) } },
      { name: `${store.name}_newest`, key: store.key, columns: { ...keys, [store.position]: NUMBER } }
    ]
    case 'rows': return [{ name: store.name, key: store.key, columns: columnsOf(store.columns) }]
    case 'ordered': return []
  }
}

function columnsOf (columns: Columns): Record<string, MigratedColumn> {
  return Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, { type: typeOf(column), required: !column.nullable }]))
}

function typeOf ({ type }: Column): string {
  if (type === 'text') return KEY.type
  return type === 'timestamptz' ? 'timestamp with time zone' : type
}

/** The tables of an application whose system has these migrations, made in a Postgres of the test's own. */
export async function migratedTables (t: TestContext, folder: string): Promise<ReadonlyMap<string, MigratedTable>> {
  const database = await openPglite()
  t.after(async () => await database.close())
  await ensureEngineSchema(database, 'conventions')
  await migrate(database, 'conventions', folder)
  const rows = await database.query({
    text: `select c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.atthasdef, o.collname, array_position(i.indkey::int2[], a.attnum)
      from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      left join pg_collation o on o.oid = a.attcollation left join pg_index i on i.indrelid = c.oid and i.indisprimary
      where n.nspname = 'conventions' and c.relkind = 'r' order by 1, 7, 2`
  })
  return new Map([...Map.groupBy(rows, ([table]) => table ?? '')].map(([name, of]) => [name, {
    columns: new Map(of.map(([, column, type, required, , collation]) => [column ?? '', {
      type: type === 'text' ? `text collate "${collation}"` : type ?? '', required: required === 't'
    }])),
    optional: new Set(of.flatMap(([, column, , required, hasDefault]) => required === 't' && hasDefault !== 't' ? [] : [column ?? ''])),
    key: of.flatMap(([, column, , , , , place]) => place === null || column == null ? [] : [column])
  }]))
}
