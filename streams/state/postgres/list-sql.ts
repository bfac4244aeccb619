import type { List } from '../../stores/list.ts'
import type { ListValue, ListWrite, Row } from '../state.ts'
import { keyArrays, keyOfRow } from './counter-sql.ts'
import type { Statement, TextRow } from './database.ts'
import { encodeArray, parseColumn, quote, rowsOf, selectExpression } from './sql.ts'

export function findLists (schema: string, store: List, keys: readonly string[]): Statement {
  const columns = [...store.key.map(quote), quote(store.position), ...Object.entries(store.entry).map(([name, column]) => selectExpression(name, column))]
  const table = `${quote(schema)}.${quote(store.name)}`
  const key = store.key.map(quote)
  const text = key.length === 1
    ? `select ${columns.join(', ')} from ${table} where ${key[0]} = any($1::text[])`
    : `select ${columns.join(', ')} from ${table} join unnest($1::text[], $2::text[]) as wanted (${key.join(', ')}) using (${key.join(', ')})`
  return { prepared: true, text: `${text} order by ${[...key, quote(store.position)].join(', ')} desc`, values: keyArrays(keys, key.length) }
}

/** Rows ordered by position within each key, newest first. */
export function listsOf (store: List, rows: readonly TextRow[]): Map<string, ListValue> {
  const width = store.key.length
  const columns = Object.entries(store.entry)
  const lists = new Map<string, { newest: number, entries: Row[] }>()
  for (const row of rows) {
    const key = keyOfRow(row, width)
    let list = lists.get(key)
    if (list === undefined) lists.set(key, list = { newest: Number(row[width]), entries: [] })
    list.entries.push(Object.fromEntries(columns.map(([name, column], index) => [name, parseColumn(column, row[width + 1 + index] ?? null)])))
  }
  return lists
}

/**
 * The statements of one unit: move the newest numbers on from where they were read (or begin them), insert the new
 * entries, delete the forgotten. The first two answer with the keys that were moved: fewer than given means that
 * somebody else was there, and the entries must not be written.
 */
export function moveLists (schema: string, { store, changes }: ListWrite): { readonly move: Statement[], readonly fill: Statement[] } {
  const keys = [...changes.keys()].sort()
  const known = keys.filter(key => changes.get(key)?.expected !== 0)
  const fresh = keys.filter(key => changes.get(key)?.expected === 0)
  return {
    move: [
      ...(known.length === 0 ? [] : [moveNewest(schema, store, known, changes)]),
      ...(fresh.length === 0 ? [] : [beginNewest(schema, store, fresh, changes)])
    ],
    fill: [insertEntries(schema, store, keys, changes), ...forgetEntries(schema, store, known, changes)]
  }
}

type Changes = ListWrite['changes']

function moveNewest (schema: string, store: List, keys: readonly string[], changes: Changes): Statement {
  const key = store.key.map(quote)
  const position = quote(store.position)
  const width = key.length
  return {
    prepared: true,
    text: `update ${newestTable(schema, store)} as t set ${position} = moved.newest
      from (${rowsOf([...key.map(() => 'text'), 'bigint', 'bigint'], [...key, 'expected', 'newest'])}) as moved
      where ${key.map(column => `t.${column} = moved.${column}`).join(' and ')} and t.${position} = moved.expected
      returning ${key.map(column => `t.${column}`).join(', ')}`,
    values: [
      ...keyArrays(keys, width),
      encodeArray('bigint', keys.map(each => changes.get(each)?.expected ?? 0)),
      encodeArray('bigint', keys.map(each => changes.get(each)?.value.newest ?? 0))
    ]
  }
}

function beginNewest (schema: string, store: List, keys: readonly string[], changes: Changes): Statement {
  const key = store.key.map(quote)
  return {
    prepared: true,
    text: `insert into ${newestTable(schema, store)} (${[...key, quote(store.position)].join(', ')})
      ${rowsOf([...key.map(() => 'text'), 'bigint'])}
      on conflict (${key.join(', ')}) do nothing returning ${key.join(', ')}`,
    values: [...keyArrays(keys, key.length), encodeArray('bigint', keys.map(each => changes.get(each)?.value.newest ?? 0))]
  }
}

function insertEntries (schema: string, store: List, keys: readonly string[], changes: Changes): Statement {
  const columns = Object.entries(store.entry)
  const owners: string[] = []
  const positions: number[] = []
  const entries: Row[] = []
  for (const key of keys) {
    const change = changes.get(key)
    if (change === undefined) continue
    const { expected, value } = change
    // Oldest first, so that the table grows in the order things happened.
    for (let index = Math.min(value.newest - expected, value.entries.length) - 1; index >= 0; index--) {
      const entry = value.entries[index]
      if (entry === undefined) continue
      owners.push(key)
      positions.push(value.newest - index)
      entries.push(entry)
    }
  }
  const width = store.key.length
  const arrays = [...store.key.map(() => 'text'), 'bigint', ...columns.map(([, { type }]) => type)]
  return {
    prepared: true,
    text: `insert into ${quote(schema)}.${quote(store.name)} (${[...store.key, store.position, ...columns.map(([name]) => name)].map(quote).join(', ')})
      ${rowsOf(arrays)}`,
    values: [
      ...keyArrays(owners, width),
      encodeArray('bigint', positions),
      ...columns.map(([name, { type }]) => encodeArray(type, entries.map(entry => entry[name] ?? null)))
    ]
  }
}

/** From the oldest that is there: an index goes through what was deleted before, too, until it is cleaned. */
function forgetEntries (schema: string, store: List, keys: readonly string[], changes: Changes): Statement[] {
  const forgotten = keys.flatMap(key => {
    const change = changes.get(key)
    if (change === undefined) return []
    const { expected, held, value: { newest, entries } } = change
    const gone = expected - held
    const through = newest - entries.length
    return through > gone ? [{ key, gone, through }] : []
  })
  if (forgotten.length === 0) return []
  const key = store.key.map(quote)
  return [{
    prepared: true,
    text: `delete from ${quote(schema)}.${quote(store.name)} as t
      using (${rowsOf([...key.map(() => 'text'), 'bigint', 'bigint'], [...key, 'gone', 'through'])}) as old
      where ${key.map(column => `t.${column} = old.${column}`).join(' and ')} and t.${quote(store.position)} > old.gone and t.${quote(store.position)} <= old.through`,
    values: [
      ...keyArrays(forgotten.map(({ key }) => key), key.length),
      encodeArray('bigint', forgotten.map(({ gone }) => gone)),
      encodeArray('bigint', forgotten.map(({ through }) => through))
    ]
  }]
}

function newestTable (schema: string, store: List): string {
  return `${quote(schema)}.${quote(`${store.name}_newest`)}`
}
