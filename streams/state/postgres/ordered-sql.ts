import type { Ordered } from '../../stores/ordered.ts'
import type { Loaded, OrderedKey, OrderedRange, OrderedWrite, StoredEntry, Wanted } from '../state.ts'
import type { Statement, TextRow } from './database.ts'
import { bytesOf, encodeArray, quote, rowsOf } from './sql.ts'

export type WantedOrdered = Extract<Wanted, { readonly store: Ordered }>

/**
 * The second index is for expiry. One on blocks (brin) would be smaller, but finds a block for ever in which something old has ever stood.
 * Without it nothing that changes is in an index, so that an update stays in its page and writes to none, as long as there is room there.
 */
export function orderedTable (schema: string, { name, expires }: Ordered): string[] {
  const table = tableOf(schema, name)
  return [
    `create table ${table} (
      partition integer, key bytea, value bytea not null, timestamp bigint not null, time bigint not null, primary key (partition, key)
    ) with (fillfactor = 80)`,
    ...(expires ? [`create index on ${table} (partition, time)`] : [])
  ]
}

/** What is wanted, with the statements' answers sent together. */
export async function loadOrdered (schema: string, { store, keys, ranges }: WantedOrdered, query: (statement: Statement) => Promise<readonly TextRow[]>): Promise<Loaded> {
  const pages: StoredEntry[][] = ranges.map(() => [])
  const [found] = await Promise.all([
    keys.length === 0 ? [] : query(findKeys(schema, store, keys)),
    ...rangeStatements(schema, store, ranges).map(async statement => {
      for (const row of await query(statement)) pages[Number(row[5])]?.push(entryOf(row))
    })
  ])
  return {
    store,
    found: found.map(entryOf),
    ranges: ranges.map(({ limit }, index) => {
      const entries = pages[index] ?? []
      return { entries, isWhole: entries.length < limit }
    })
  }
}

/** Sent one behind the other; expiry last, so that it takes what this unit has put too late. */
export function writeOrdered (schema: string, { store, puts, deletes, expiries }: OrderedWrite): Statement[] {
  const table = tableOf(schema, store.name)
  const inOrder = puts.toSorted(byPlace)
  return [
    ...(inOrder.length === 0
      ? []
      : [{
          prepared: true,
          text: `insert into ${table} (partition, key, value, timestamp, time)
            ${rowsOf(['integer', 'bytea', 'bytea', 'bigint', 'bigint'])}
            on conflict (partition, key) do update set value = excluded.value, timestamp = excluded.timestamp, time = excluded.time`,
          values: [
            ...keyArrays(inOrder),
            encodeArray('bytea', inOrder.map(({ value }) => value)),
            encodeArray('bigint', inOrder.map(({ timestamp }) => timestamp)),
            encodeArray('bigint', inOrder.map(({ time }) => time))
          ]
        }]),
    ...(deletes.length === 0
      ? []
      : [{
          prepared: true,
          text: `delete from ${table} as t using (${rowsOf(['integer', 'bytea'], ['partition', 'key'])}) as given where t.partition = given.partition and t.key = given.key`,
          values: keyArrays(deletes.toSorted(byPlace))
        }]),
    ...(expiries.size === 0
      ? []
      : [{
          // Planned for these very numbers: for any numbers Postgres expects a third of the table, and reads all of it.
          text: `delete from ${table} where ${[...expiries.keys()].map((_, index) => `partition = $${index * 2 + 1} and time < $${index * 2 + 2}`).join(' or ')}`,
          values: [...expiries].flat()
        }])
  ]
}

function findKeys (schema: string, { name }: Ordered, keys: readonly OrderedKey[]): Statement {
  return {
    prepared: true,
    text: `select ${ENTRY} from unnest($1::integer[], $2::bytea[]) as wanted (partition, key) join ${tableOf(schema, name)} as t using (partition, key)`,
    values: keyArrays(keys)
  }
}

/** One for each direction, and for each kind of end: a bound that may be missing is none that an index can use. */
function rangeStatements (schema: string, { name }: Ordered, ranges: readonly OrderedRange[]): Statement[] {
  const numbered = ranges.map((range, nth) => ({ ...range, nth }))
  const groups = Map.groupBy(numbered, ({ reverse, to }) => `order by t.key${reverse ? ' desc' : ''}${to === undefined ? '' : '|and t.key < wanted.above'}`)
  return [...groups].map(([clauses, group]) => {
    const [order = '', end = ''] = clauses.split('|')
    return {
      prepared: true,
      text: `select found.*, nth from unnest($1::integer[], $2::bytea[], $3::bytea[], $4::integer[], $5::integer[]) as wanted (partition, low, above, most, nth),
        lateral (
          select ${ENTRY} from ${tableOf(schema, name)} as t where t.partition = wanted.partition and t.key >= wanted.low ${end} ${order} limit wanted.most
        ) as found`,
      values: [
        encodeArray('integer', group.map(({ partition }) => partition)),
        encodeArray('bytea', group.map(({ from }) => from)),
        encodeArray('bytea', group.map(({ to = null }) => to)),
        encodeArray('integer', group.map(({ limit }) => limit)),
        encodeArray('integer', group.map(({ nth }) => nth))
      ]
    }
  })
}

/** What `entryOf` reads. */
export const ENTRY = 't.partition, t.key, t.value, t.timestamp, t.time'

export function entryOf (row: TextRow): StoredEntry {
  return { partition: Number(row[0]), key: bytesOf(row[1]).toString('latin1'), value: bytesOf(row[2]), timestamp: Number(row[3]), time: Number(row[4]) }
}

function keyArrays (keys: readonly OrderedKey[]): Buffer[] {
  return [encodeArray('integer', keys.map(({ partition }) => partition)), encodeArray('bytea', keys.map(({ key }) => key))]
}

function byPlace (a: OrderedKey, b: OrderedKey): number {
  return a.partition - b.partition || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)
}

function tableOf (schema: string, name: string): string {
  return `${quote(schema)}.${quote(name)}`
}
