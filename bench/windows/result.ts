import Type from 'typebox'
import { Value } from 'typebox/value'
import type { StoreQueries } from '../../streams/runtime.ts'
import { windowName, type Total, type Totals } from './model.ts'

const Amounts = { product: Type.String(), count: Type.Integer(), sum: Type.Integer() }

/** A row of the result, as it stands in a line of the result file. */
const Line = Type.Union([
  Type.Object({ table: Type.Literal('windows'), start: Type.Integer(), ...Amounts }),
  Type.Object({ table: Type.Literal('matches'), ...Amounts })
])

export function readResult (text: string): Totals {
  const windows = new Map<string, Total>()
  const matches = new Map<string, Total>()
  for (const line of text.split('\n')) {
    if (line === '') continue
    const row: unknown = JSON.parse(line)
    if (!Value.Check(Line, row)) throw new TypeError(`A line of the result is no row of windows or matches: ${line.slice(0, 200)}`)
    const { product, count, sum } = row
    if (row.table === 'windows') windows.set(windowName(product, row.start), { count, sum })
    else matches.set(product, { count, sum })
  }
  return { windows, matches }
}

export function writeResult ({ windows, matches }: Totals): string {
  const lineOf = (row: object): string => JSON.stringify(row)
  return [
    ...[...windows].map(([name, total]) => lineOf({ table: 'windows', ...splitName(name), ...total })),
    ...[...matches].map(([product, total]) => lineOf({ table: 'matches', product, ...total }))
  ].join('\n')
}

function splitName (name: string): { readonly product: string, readonly start: number } {
  const [product = '', start = ''] = name.split(' from ')
  return { product, start: Number(start) }
}

/** Reads both tables of the topology, as anybody reads a store from outside. */
export async function readTotals (queries: StoreQueries): Promise<Totals> {
  const windows = new Map<string, Total>()
  const matches = new Map<string, Total>()
  for await (const { key, window, value } of entriesOf(queries, 'windows')) windows.set(windowName(String(key), window?.start ?? 0), value as Total)
  for await (const { key, value } of entriesOf(queries, 'matches')) matches.set(String(key), value as Total)
  return { windows, matches }
}

async function * entriesOf (queries: StoreQueries, store: string) {
  for (let cursor: string | undefined; ;) {
    const page = await queries.store(store).range({ limit: 1_000, cursor })
    yield * page.entries
    if (page.cursor === undefined) return
    cursor = page.cursor
  }
}

/** The first that differs; undefined: both tables are the model's. */
export function findDifference (actual: Totals, expected: Totals): string | undefined {
  for (const table of ['windows', 'matches'] as const) {
    const [found, wanted] = [actual[table], expected[table]]
    if (found.size !== wanted.size) return `${table}: ${found.size} rows, expected ${wanted.size}`
    for (const [name, { count, sum }] of wanted) {
      const row = found.get(name)
      if (row?.count !== count || row.sum !== sum) return `${table}: ${name}: ${row === undefined ? 'missing' : `${row.count} and ${row.sum}`}, expected ${count} and ${sum}`
    }
  }
}
