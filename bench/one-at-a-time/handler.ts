import { Redis } from 'ioredis'
import pg from 'pg'
import type { Config } from '../../bin/config.ts'
import { toMillis } from '../../schemas/time.ts'
import type { Impression } from '../../schemas/impression.ts'
import type { Watch } from '../../schemas/watch.ts'
import type { LogRecord, OutgoingRecord } from '../../streams/index.ts'
import { weightOf } from '../floor/features.ts'
import { openReading } from '../floor/reading.ts'

/** Works off one record; answers with its dead letter, where it has one. */
export type Handle = (record: LogRecord) => Promise<readonly OutgoingRecord[]>

/**
 * The recommender as a service works it off by hand, record by record: a transaction of its own for each, statement by statement, against the same
 * tables, and then Redis. Delivered twice: an event id that is there already changes nothing.
 */
export async function openHandler (config: Config): Promise<Handle> {
  const applicationId = config.KAFKA_WORKER_GROUP_ID
  const client = new pg.Client({ connectionString: config.DATABASE_URL, application_name: `millrace ${applicationId}`, options: `-c search_path=${applicationId}` })
  await client.connect()
  const redis = new Redis(config.REDIS_URL)
  const read = openReading(config)
  const run = async (name: string, text: string, values: readonly unknown[]): Promise<pg.QueryResult<Record<string, string>>> => await client.query({ name, text, values: [...values] })

  return async record => {
    const { watches: [watch], impressions: [impression], deadLetters } = read([record], new Set())
    if (watch === undefined && impression === undefined) return deadLetters
    await client.query('begin')
    const change = watch === undefined ? undefined : await storeWatch(run, watch, config.STREAM_FEATURE_HISTORY_SIZE)
    if (impression !== undefined) await storeImpression(run, impression)
    await client.query('commit')
    if (change !== undefined) await mirror(redis, applicationId, change, config.STREAM_FEATURE_HISTORY_SIZE)
    return deadLetters
  }
}

type Run = (name: string, text: string, values: readonly unknown[]) => Promise<pg.QueryResult<Record<string, string>>>

interface Change {
  readonly watch: Watch
  /** Where it is another than the watched one. */
  readonly previous: string | undefined
}

/** Undefined: it was there. */
async function storeWatch (run: Run, watch: Watch, keep: number): Promise<Change | undefined> {
  const { event_id: id, user_id: user, item_id: item } = watch
  const { rowCount } = await run('watch', `insert into watches (event_id, user_id, session_id, request_id, ts_ms, server_received_ts_ms, item_id, watch_time_sec, percent_watched, ended, playback_speed, rebuffer_count, context)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) on conflict (event_id) do nothing`, [
    id, user, watch.session_id, watch.request_id, toMillis(watch.ts_ms), watch.server_received_ts_ms, item, watch.watch_time_sec, watch.percent_watched, watch.ended, watch.playback_speed, watch.rebuffer_count, watch.context
  ])
  if (rowCount === 0) return undefined
  const { rows: [newest] } = await run('newest', 'select pos, item_id from user_history where user_id = $1 order by pos desc limit 1', [user])
  const previous = newest?.['item_id'] === item ? undefined : newest?.['item_id']
  const pos = Number(newest?.['pos'] ?? 0) + 1
  await run('popularity', 'insert into item_popularity as t (item_id, score) values ($1, $2) on conflict (item_id) do update set score = t.score + excluded.score, updated_at = now()', [item, weightOf(watch)])
  if (previous !== undefined) {
    await run('link', 'insert into co_visitation as t (prev_item_id, next_item_id, cnt) values ($1, $2, 1) on conflict (prev_item_id, next_item_id) do update set cnt = t.cnt + 1', [previous, item])
    await run('out', 'insert into co_visitation_out as t (item_id, cnt) values ($1, 1) on conflict (item_id) do update set cnt = t.cnt + 1', [previous])
    await run('in', 'insert into co_visitation_in as t (item_id, cnt) values ($1, 1) on conflict (item_id) do update set cnt = t.cnt + 1', [item])
  }
  await run('history', 'insert into user_history (user_id, pos, item_id, ts) values ($1, $2, $3, $4)', [user, pos, item, new Date(toMillis(watch.ts_ms)).toISOString()])
  await run('head', 'insert into user_history_newest (user_id, pos) values ($1, $2) on conflict (user_id) do update set pos = excluded.pos', [user, pos])
  if (pos > keep) await run('forget', 'delete from user_history where user_id = $1 and pos <= $2', [user, pos - keep])
  return { watch, previous }
}

async function storeImpression (run: Run, impression: Impression): Promise<void> {
  const { event_id: id, user_id: user, session_id: session, request_id: request, server_received_ts_ms: received, context } = impression
  for (const { position, item_id: item, feed_id: feed, slot } of impression.items) {
    await run('impression', `insert into impressions (event_id, position, user_id, session_id, request_id, ts_ms, server_received_ts_ms, item_id, feed_id, slot, context)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict (event_id, position) do nothing`, [id, position, user, session, request, toMillis(impression.ts_ms), received, item, feed, slot, context])
  }
}

async function mirror (redis: Redis, applicationId: string, { watch, previous }: Change, keep: number): Promise<void> {
  const { user_id: user, item_id: item } = watch
  const prefix = `{${applicationId}:0}:hand:`
  const pipeline = redis.pipeline()
    .zincrby(`${prefix}popularity`, weightOf(watch), item)
    .lpush(`${prefix}history:${user}`, item)
    .ltrim(`${prefix}history:${user}`, 0, keep - 1)
  if (previous !== undefined) pipeline.zincrby(`${prefix}links:${previous}`, 1, item).zincrby(`${prefix}outgoing`, 1, previous).zincrby(`${prefix}incoming`, 1, item)
  await pipeline.exec()
}
