import type { StoreQueries } from '../../streams/runtime.ts'
import type { Summary } from './orders.ts'

/** All of the table `summaries`, as anybody reads a store from outside. */
export async function readViews (queries: StoreQueries): Promise<ReadonlyMap<string, Readonly<Summary>>> {
  const summaries = new Map<string, Summary>()
  for (let cursor: string | undefined; ;) {
    const page = await queries.store('summaries').range({ limit: 1_000, cursor })
    // What the topology's own aggregator has made.
    for (const { key, value } of page.entries) summaries.set(String(key), value as Summary)
    if (page.cursor === undefined) return summaries
    cursor = page.cursor
  }
}
