import type { Counter } from '../../stores/counter.ts'
import type { Keyed } from '../../stores/keyed.ts'
import type { List } from '../../stores/list.ts'
import type { Change } from '../state.ts'
import { countsChange, keyArrays, keyOfRow } from './counter-sql.ts'
import type { Database, Statement } from './database.ts'
import { findValues, valuesOf } from './keyed-sql.ts'
import { findLists, listsOf } from './list-sql.ts'
import { quote } from './sql.ts'

export type Projected = Counter | Keyed | List

/** What stands in a store now, under these keys; a keyed store's missing key is a deletion, newer than anything written before. */
export async function currentOf (database: Database, schema: string, store: Projected, keys: readonly string[]): Promise<Change> {
  switch (store.kind) {
    case 'counter': return countsChange(store, await database.query(findCounts(schema, store, keys)))
    case 'list': return { kind: 'list', store, values: listsOf(store, await database.query(findLists(schema, store, keys))) }
    case 'keyed': {
      // The version first: what is written after it is not missing, or is newer still.
      const [[version] = []] = await database.query({ text: `select nextval('${quote(schema).replaceAll("'", "''")}.millrace_version')` })
      const found = valuesOf(store, await database.query(findValues(schema, store, keys)))
      return { kind: 'keyed', store, values: new Map(keys.map(key => [key, found.get(key) ?? { version: Number(version), value: undefined }])) }
    }
  }
}

export interface Page {
  readonly change: Change
  /** The last key of the page; undefined when there is no further one. */
  readonly last: string | undefined
}

/** A store's content page by page, in key order. */
export async function pageOf (database: Database, schema: string, store: Projected, after: string | undefined, limit: number): Promise<Page> {
  const width = store.key.length
  const key = store.key.map(quote).join(', ')
  const table = `${quote(schema)}.${quote(store.kind === 'list' ? `${store.name}_newest` : store.name)}`
  const columns = store.kind === 'counter' ? `${key}, ${quote(store.count)}` : key
  const rows = await database.query({
    text: `select ${columns} from ${table}${after === undefined ? '' : ` where (${key}) > (${store.key.map((_, index) => `$${index + 1}`).join(', ')})`} order by ${key} limit ${limit}`,
    values: after === undefined ? [] : after.split('\u0000')
  })
  const keys = rows.map(row => keyOfRow(row, width))
  const last = rows.length < limit ? undefined : keys.at(-1)
  return { change: store.kind === 'counter' ? countsChange(store, rows) : await currentOf(database, schema, store, keys), last }
}

function findCounts (schema: string, store: Counter, keys: readonly string[]): Statement {
  const key = store.key.map(quote).join(', ')
  const arrays = store.key.map((_, index) => `$${index + 1}::text[]`).join(', ')
  return {
    prepared: true,
    text: `select ${key}, ${quote(store.count)} from ${quote(schema)}.${quote(store.name)} join unnest(${arrays}) as wanted (${key}) using (${key})`,
    values: keyArrays(keys, store.key.length)
  }
}
