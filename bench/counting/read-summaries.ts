import { readFile } from 'node:fs/promises'
import Type from 'typebox'
import { Value } from 'typebox/value'
import type { StoreQueries } from '../../streams/runtime.ts'
import type { Summaries, Summary } from './orders.ts'

/** A line of a result file; the key is the customer. */
const Line = Type.Object({ key: Type.String(), count: Type.Integer(), sum: Type.Integer(), min: Type.Integer(), max: Type.Integer(), lastAt: Type.Integer() })

/** Of a file in which a customer occurs once. */
export async function readSummaries (name: string, file: string): Promise<Summaries> {
  const summaries = new Map<string, Summary>()
  for (const text of (await readFile(file, 'utf8')).split('\n')) {
    if (text === '') continue
    const line: unknown = JSON.parse(text)
    if (!Value.Check(Line, line)) throw new TypeError(`A line of ${name}'s result is no summary: ${text.slice(0, 200)}`)
    const { key, ...summary } = line
    if (summaries.has(key)) throw new TypeError(`${name}'s result has ${key} twice.`)
    summaries.set(key, summary)
  }
  return summaries
}

/** All of the table `summaries`, as anybody reads a store from outside. */
export async function readViews (queries: StoreQueries): Promise<Summaries> {
  const summaries = new Map<string, Summary>()
  for (let cursor: string | undefined; ;) {
    const page = await queries.store('summaries').range({ limit: 1_000, cursor })
    // What the topology's own aggregator has made.
    for (const { key, value } of page.entries) summaries.set(String(key), value as Summary)
    if (page.cursor === undefined) return summaries
    cursor = page.cursor
  }
}
