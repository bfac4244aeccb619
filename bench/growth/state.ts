import { Client } from 'pg'
import { ensureEngineSchema, openPostgres } from '../../streams/runtime.ts'
import type { Services } from '../../test/helpers/services.ts'
import { totalOf } from './log.ts'

/** Makes the schema and its table with so many keys, as if a worker had written them. Seconds it took. */
export async function fillTotals (services: Services, applicationId: string, keys: number): Promise<number> {
  const begun = performance.now()
  const database = openPostgres({ url: services.postgres, applicationName: 'millrace bench', maxConnections: 1 })
  try {
    await ensureEngineSchema(database, applicationId)
  } finally {
    await database.close()
  }
  await withClient(services, async client => {
    const table = `"${applicationId}".totals`
    await client.query(`create table ${table} (key text collate "C", value jsonb not null, version bigint not null)`)
    // One version for all, and lower than any that will be given.
    await client.query(`insert into ${table} select 'key-' || i, '{"count": 0, "sum": 0}', v.version
      from (select nextval('"${applicationId}".millrace_version') as version) as v, generate_series(0, ${keys - 1}) as i`)
    // Afterwards, since a table is filled faster without it.
    await client.query(`alter table ${table} add primary key (key)`)
    await client.query(`vacuum analyze ${table}`)
    await client.query('checkpoint')
  })
  return (performance.now() - begun) / 1000
}

/** What is wrong with the totals, given how often each key was named since the state was made; undefined: nothing. */
export async function findWrongTotal (services: Services, applicationId: string, counts: ReadonlyMap<string, number>): Promise<string | undefined> {
  return await withClient(services, async client => {
    const { rows } = await client.query<{ key: string, value: unknown }>(`select key, value from "${applicationId}".totals where key = any($1)`, [[...counts.keys()]])
    if (rows.length !== counts.size) return `${counts.size} keys were named and ${rows.length} of them are there`
    const found = new Map(rows.map(({ key, value }) => [key, value]))
    for (const [key, count] of counts) {
      const { count: is, sum } = readTotal(found.get(key))
      const expected = totalOf(count)
      if (is !== expected.count || sum !== expected.sum) return `${key}: ${JSON.stringify(found.get(key))} instead of ${JSON.stringify(expected)}`
    }
    return undefined
  })
}

function readTotal (value: unknown): { readonly count: unknown, readonly sum: unknown } {
  return typeof value === 'object' && value !== null && 'count' in value && 'sum' in value ? value : { count: undefined, sum: undefined }
}

/** Of a worker that is to begin anew on another topic: where it was. */
export async function forgetPositions (services: Services, applicationId: string): Promise<void> {
  await withClient(services, async client => {
    await client.query(`delete from "${applicationId}".millrace_tasks`)
    await client.query('checkpoint')
  })
}

/** The sum of all positions, 0 before there are any. */
export async function committedRecords (services: Services, applicationId: string): Promise<number> {
  return await withClient(services, async client => {
    const { rows: [row] } = await client.query<{ done: string }>(`select coalesce(sum(value::bigint), 0) as done from "${applicationId}".millrace_tasks, jsonb_each_text(offsets)`)
    return Number(row?.done ?? 0)
  })
}

async function withClient<T> (services: Services, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: services.postgres })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
