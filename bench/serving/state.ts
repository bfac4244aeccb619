import { Redis } from 'ioredis'
import { Client } from 'pg'
import { setTimeout as sleep } from 'node:timers/promises'
import { isReady } from '../../test/helpers/projection.ts'
import type { Services } from '../../test/helpers/services.ts'

export interface StateSize {
  readonly users: number
  readonly items: number
}

export interface Filled {
  /** Rows that Redis is given: counters and histories. */
  readonly keys: number
  readonly fillSeconds: number
  readonly rebuildSeconds: number
}

/** A history has 1 to 10 entries. */
const MOST_WATCHED = 10
const REBUILD_MS = 1_800_000

/**
 * The features as if five and a half watches per user had been worked off, items drawn by Zipf: histories by chance, and all else counted
 * from them. Made in Postgres, since that takes a minute where the log would take a quarter of an hour; Redis then builds itself from there.
 */
export async function fillState (services: Services, applicationId: string, size: StateSize): Promise<Filled> {
  const client = new Client({ connectionString: services.postgres })
  await client.connect()
  try {
    const begun = performance.now()
    const schema = `"${applicationId}"`
    for (const statement of statementsOf(schema, size)) await client.query(statement)
    const fillSeconds = (performance.now() - begun) / 1000
    const { rows: [counted] } = await client.query<{ keys: string }>(`select ${KEYED_TABLES.map(table => `(select count(*) from ${schema}.${table})`).join(' + ')} as keys`)
    return { keys: Number(counted?.keys), fillSeconds, rebuildSeconds: await rebuild(services, applicationId) }
  } finally {
    await client.end()
  }
}

const KEYED_TABLES = ['item_popularity', 'co_visitation', 'co_visitation_out', 'co_visitation_in', 'user_history_newest']

function statementsOf (schema: string, { users, items }: StateSize): string[] {
  return [
    'select setseed(0.5)',
    `insert into ${schema}.user_history (user_id, pos, item_id, ts)
      select 'user-' || u, p, 'item-' || (floor(power(${items + 1}::float8, random())) - 1)::bigint, timestamptz 'epoch' + make_interval(secs => 1750000000 + u % 1000 + p)
      from generate_series(0, ${users - 1}) as u, generate_series(1, 1 + u % ${MOST_WATCHED}) as p`,
    `insert into ${schema}.user_history_newest (user_id, pos) select 'user-' || u, 1 + u % ${MOST_WATCHED} from generate_series(0, ${users - 1}) as u`,
    // Every item is there, also those that nobody has drawn.
    `insert into ${schema}.item_popularity (item_id, score)
      select item_id, count(*) from (select item_id from ${schema}.user_history union all select 'item-' || i from generate_series(0, ${items - 1}) as i) as seen group by item_id`,
    `insert into ${schema}.co_visitation (prev_item_id, next_item_id, cnt)
      select before, item_id, count(*) from (select item_id, lag(item_id) over (partition by user_id order by pos) as before from ${schema}.user_history) as steps
      where before is not null and before <> item_id group by before, item_id order by before, item_id`,
    `insert into ${schema}.co_visitation_out (item_id, cnt) select prev_item_id, sum(cnt) from ${schema}.co_visitation group by prev_item_id`,
    `insert into ${schema}.co_visitation_in (item_id, cnt) select next_item_id, sum(cnt) from ${schema}.co_visitation group by next_item_id`,
    // What the check counts from.
    `create table ${schema}.bench_popularity as select item_id, score from ${schema}.item_popularity`,
    // As it is where rows come one by one: else the server would begin to clean up all of it in the middle of a load.
    ...[...KEYED_TABLES, 'user_history'].map(table => `vacuum (analyze) ${schema}.${table}`)
  ]
}

/** As after a flush: without a fence nothing in Redis counts, and the worker builds it anew. Seconds until it vouches for all. */
async function rebuild (services: Services, applicationId: string): Promise<number> {
  const redis = new Redis(services.redis)
  try {
    const begun = performance.now()
    await redis.del(`{${applicationId}:0}:fence`)
    for (const deadline = begun + REBUILD_MS; !await isReady(services, applicationId);) {
      if (performance.now() > deadline) throw new Error(`Redis was not built within ${REBUILD_MS / 1000} s.`)
      await sleep(100)
    }
    return (performance.now() - begun) / 1000
  } finally {
    redis.disconnect()
  }
}
