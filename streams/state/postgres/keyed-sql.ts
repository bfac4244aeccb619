import type { Keyed } from '../../stores/keyed.ts'
import type { Change, KeyedWrite, VersionedValue } from '../state.ts'
import { keyArrays, keyOfRow } from './counter-sql.ts'
import type { Statement, TextRow } from './database.ts'
import { encodeArray, quote, rowsOf } from './sql.ts'

export function findValues (schema: string, store: Keyed, keys: readonly string[]): Statement {
  const key = store.key.map(quote)
  const table = `${quote(schema)}.${quote(store.name)}`
  return {
    prepared: true,
    text: `select ${key.join(', ')}, version, value::text from ${table} ` + (key.length === 1
      ? `where ${key[0]} = any($1::text[])`
      : `join unnest($1::text[], $2::text[]) as wanted (${key.join(', ')}) using (${key.join(', ')})`),
    values: keyArrays(keys, key.length)
  }
}

export function valuesOf (store: Keyed, rows: readonly TextRow[]): Map<string, VersionedValue> {
  const width = store.key.length
  return new Map(rows.map(row => [keyOfRow(row, width), { version: Number(row[width]), value: JSON.parse(row[width + 1] ?? 'null') }]))
}

/** Each statement answers with the keys it wrote and their new versions; fewer than given means that somebody else was there. */
export function putValues (schema: string, { store, changes }: KeyedWrite): Statement[] {
  const keys = [...changes.keys()].sort()
  const is = (key: string): { readonly expected: number, readonly value: unknown } => changes.get(key) ?? { expected: 0, value: undefined }
  const replaced = keys.filter(key => is(key).expected !== 0 && is(key).value !== undefined)
  const fresh = keys.filter(key => is(key).expected === 0 && is(key).value !== undefined)
  const deleted = keys.filter(key => is(key).expected !== 0 && is(key).value === undefined)
  const table = `${quote(schema)}.${quote(store.name)}`
  const columns = store.key.map(quote)
  const width = columns.length
  const keyTypes = columns.map(() => 'text')
  const version = `nextval('${quote(schema).replaceAll("'", "''")}.millrace_version')`
  const sameKey = columns.map(column => `t.${column} = given.${column}`).join(' and ')
  const expected = (of: readonly string[]): Buffer => encodeArray('bigint', of.map(key => is(key).expected))
  const values = (of: readonly string[]): Buffer => encodeArray('jsonb', of.map(key => JSON.stringify(is(key).value)))
  const own = columns.map(column => `t.${column}`).join(', ')
  return [
    ...(replaced.length === 0
      ? []
      : [{
          prepared: true,
          text: `update ${table} as t set value = given.value, version = ${version}
            from (${rowsOf([...keyTypes, 'bigint', 'jsonb'], [...columns, 'expected', 'value'])}) as given
            where ${sameKey} and t.version = given.expected returning ${own}, t.version`,
          values: [...keyArrays(replaced, width), expected(replaced), values(replaced)]
        }]),
    ...(fresh.length === 0
      ? []
      : [{
          prepared: true,
          text: `insert into ${table} as t (${columns.join(', ')}, value, version)
            ${rowsOf([...keyTypes, 'jsonb'])}, ${version}
            on conflict (${columns.join(', ')}) do nothing returning ${own}, t.version`,
          values: [...keyArrays(fresh, width), values(fresh)]
        }]),
    ...(deleted.length === 0
      ? []
      : [{
          prepared: true,
          text: `delete from ${table} as t using (${rowsOf([...keyTypes, 'bigint'], [...columns, 'expected'])}) as given
            where ${sameKey} and t.version = given.expected returning ${own}, ${version}`,
          values: [...keyArrays(deleted, width), expected(deleted)]
        }])
  ]
}

export function valuesChange (write: KeyedWrite, rows: readonly TextRow[]): Change {
  const width = write.store.key.length
  return {
    kind: 'keyed',
    store: write.store,
    values: new Map(rows.map(row => {
      const key = keyOfRow(row, width)
      return [key, { version: Number(row[width]), value: write.changes.get(key)?.value }]
    }))
  }
}
