import type { Database, Statement, TextRow } from '../state/postgres/database.ts'
import { listsOf } from '../state/postgres/list-sql.ts'
import { look } from '../state/postgres/look.ts'
import { ENTRY, entryOf } from '../state/postgres/ordered-sql.ts'
import { parseColumn, quote, selectExpression } from '../state/postgres/sql.ts'
import { column, splitKey, type Column } from '../stores/columns.ts'
import type { DeclaredStore } from './queryable.ts'
import type { DeclaredEntry, DeclaredLook, OrderedLook, StoreSource } from './store-source.ts'

export interface PostgresSourceOptions {
  readonly database: Pick<Database, 'session'>
  readonly applicationId: string
}

/**
 * Reads the truth itself, in transactions that cannot write. Rejects with the server's error; where no worker has made the
 * schema yet, that is 42P01 or 3F000.
 */
export function openPostgresSource ({ database, applicationId }: PostgresSourceOptions): StoreSource {
  const ask = async (statement: Statement): Promise<readonly TextRow[]> => (await look(database, async send => await send([statement])))[0] ?? []

  return {
    entries: async given => (await ask(entriesStatement(applicationId, given))).map(entryOf),
    declared: async given => declaredOf(given.store, await ask(declaredStatement(applicationId, given))),
    async position (subTopology, topic, partition) {
      const [row] = await ask({
        prepared: true,
        text: `select offsets ->> $3 from ${quote(applicationId)}.millrace_tasks where sub_topology = $1 and partition = $2`,
        values: [subTopology, partition, topic]
      })
      return row?.[0] === undefined || row[0] === null ? undefined : Number(row[0])
    }
  }
}

/** The table's key begins with the task's partition, so each part is looked into by itself; which there are the tasks' rows say. */
function entriesStatement (schema: string, { store, subTopology, from, to, limit, kept }: OrderedLook): Statement {
  const values: unknown[] = []
  const parameter = (value: unknown, type: string): string => `$${values.push(value)}::${type}`
  const conditions = [
    't.partition = task.partition',
    `t.key >= ${parameter(Buffer.from(from, 'latin1'), 'bytea')}`,
    ...(to === undefined ? [] : [`t.key < ${parameter(Buffer.from(to, 'latin1'), 'bytea')}`]),
    ...(kept === undefined ? [] : [`${kept.at === undefined ? 't.time' : parameter(kept.at, 'bigint')} >= coalesce((task.times ->> ${parameter(kept.time, 'text')})::bigint, -1) - ${parameter(kept.ms, 'bigint')}`])
  ]
  const most = parameter(limit, 'integer')
  return {
    prepared: true,
    text: `select distinct on (found.key) found.* from ${quote(schema)}.millrace_tasks as task, lateral (
        select ${ENTRY} from ${quote(schema)}.${quote(store.name)} as t where ${conditions.join(' and ')} order by t.key limit ${most}
      ) as found where task.sub_topology = ${parameter(subTopology, 'text')} order by found.key, found.timestamp desc limit ${most}`,
    values
  }
}

function declaredStatement (schema: string, { store, bounds, limit }: DeclaredLook): Statement {
  const values: unknown[] = []
  const parameter = (value: unknown, type: string): string => `$${values.push(value)}::${type}`
  const tuple = (columns: readonly string[]): string => `(${columns.join(', ')})`
  const key = store.key.map(quote)
  const conditions = bounds.map(({ is, parts }) =>
    `${tuple(key.slice(0, parts.length))} ${is} ${tuple(parts.map((part, index) => parameter(part, keyColumn(store, index).type)))}`)
  const where = conditions.length === 0 ? '' : ` where ${conditions.join(' and ')}`
  const own = `${quote(schema)}.${quote(store.name)}`
  const page = (columns: string, table: string): string => `select ${columns} from ${table}${where} order by ${key.join(', ')} limit ${parameter(limit, 'integer')}`
  const keys = store.key.map((name, index) => selectExpression(name, keyColumn(store, index))).join(', ')
  switch (store.kind) {
    case 'counter': return { prepared: true, text: page(`${keys}, ${quote(store.count)}`, own), values }
    case 'keyed': return { prepared: true, text: page(`${keys}, value::text`, own), values }
    case 'rows': return { prepared: true, text: page(`${keys}, ${Object.entries(store.columns).map(([name, column]) => selectExpression(name, column)).join(', ')}`, own), values }
    case 'list': {
      const columns = [...key, quote(store.position), ...Object.entries(store.entry).map(([name, column]) => selectExpression(name, column))].join(', ')
      const owners = page(key.join(', '), `${quote(schema)}.${quote(`${store.name}_newest`)}`)
      return { prepared: true, text: `with owners as (${owners}) select ${columns} from owners join ${own} using ${tuple(key)} order by ${key.join(', ')}, ${quote(store.position)} desc`, values }
    }
  }
}

const text = column('text')

/** Keys are text; those of rows may be of any type. */
function keyColumn (store: DeclaredStore, index: number): Column {
  return store.kind === 'rows' ? store.columns[store.key[index] ?? ''] ?? text : text
}

function declaredOf (store: DeclaredStore, rows: readonly TextRow[]): DeclaredEntry[] {
  if (store.kind === 'list') return [...listsOf(store, rows)].map(([key, { entries }]) => ({ parts: splitKey(key), value: entries }))
  const width = store.key.length
  return rows.map(row => ({
    parts: store.key.map((_, index) => parseColumn(keyColumn(store, index), row[index] ?? null)),
    value: valueOf(store, row.slice(width))
  }))
}

function valueOf (store: Exclude<DeclaredStore, { readonly kind: 'list' }>, found: TextRow): unknown {
  switch (store.kind) {
    case 'counter': return Number(found[0])
    case 'keyed': return JSON.parse(found[0] ?? 'null')
    case 'rows': return Object.fromEntries(Object.entries(store.columns).map(([name, column], index) => [name, parseColumn(column, found[index] ?? null)]))
  }
}
