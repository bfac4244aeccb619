import Type, { type Static } from 'typebox'
import { Value } from 'typebox/value'
import { messageOf } from '../../streams/index.ts'
import type { DeadLetter, ModelResult } from '../../test/helpers/model.ts'
import { assertSameRows } from '../../test/helpers/recommender.ts'

const Link = Type.Object({ item_id: Type.String(), cnt: Type.Integer() })
const Logged = Type.Object({ event_id: Type.String() })

/** What a row has in each table. */
const columns = {
  impressions: Logged,
  watches: Logged,
  events: Logged,
  item_popularity: Type.Object({ item_id: Type.String(), score: Type.Integer() }),
  co_visitation: Type.Object({ prev_item_id: Type.String(), next_item_id: Type.String(), cnt: Type.Integer() }),
  co_visitation_out: Link,
  co_visitation_in: Link,
  user_history: Type.Object({ user_id: Type.String(), pos: Type.Integer(), item_id: Type.String(), ts: Type.Integer() })
}

type TableName = keyof typeof columns
type Row = Static<typeof columns[TableName]>

// Object.keys forgets which keys there are.
const tables = Object.keys(columns) as readonly TableName[]

const Line = Type.Object({ table: Type.Enum(tables.slice()) })

/** The rows of each table, from a file with one in each line and its table's name in it. */
export function readRows (text: string): ReadonlyMap<TableName, readonly Row[]> {
  const rows = new Map<TableName, Row[]>(tables.map(table => [table, []]))
  for (const line of text.split('\n')) {
    if (line === '') continue
    const parsed: unknown = JSON.parse(line)
    if (!Value.Check(Line, parsed)) throw new TypeError(`A line of the result names none of the tables ${tables.join(', ')}: ${line.slice(0, 200)}`)
    const { table, ...row } = parsed
    if (!Value.Check(columns[table], row)) throw new TypeError(`A line of the result is no row of ${table}: ${line.slice(0, 200)}`)
    rows.get(table)?.push(row)
  }
  return rows
}

/** What is wrong with the tables and dead letters; undefined: they are the model's, as far as the columns say. */
export function findDifference (rows: ReadonlyMap<TableName, readonly Row[]>, deadLetters: readonly DeadLetter[], expected: ModelResult): string | undefined {
  try {
    for (const table of tables) assertSameRows(sorted(rows.get(table) ?? []), sorted(wantedRows(table, expected)), table)
    assertSameRows(deadLetters, expected.dead_letters, 'dead letters')
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}

/** Of the log tables an event once, also one of several rows. */
function wantedRows (table: TableName, expected: ModelResult): readonly Row[] {
  switch (table) {
    case 'impressions': case 'watches': case 'events':
      return [...new Set(expected[table].map(({ event_id: id }) => id))].map(id => ({ event_id: id }))
    default: return expected[table]
  }
}

/** By what is in them; the columns come in any order. */
function sorted (rows: readonly Row[]): readonly Row[] {
  return rows
    .map(row => ({ row, text: JSON.stringify(Object.entries(row).sort()) }))
    .sort((left, right) => left.text < right.text ? -1 : left.text > right.text ? 1 : 0)
    .map(({ row }) => row)
}
