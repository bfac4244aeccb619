import Type from 'typebox'
import { Compile } from 'typebox/compile'
import type { BaselineMetrics } from '../schemas/baseline.ts'
import { isSchemaMissing, quoteSchema, type ReadQuery } from './read-query.ts'

export interface BaselineKpisReader {
  /** Counts over the events of the last `days` days before `nowMs`; zeros before there is a schema. */
  readonly over: (window: { readonly days: number, readonly nowMs: number }) => Promise<BaselineMetrics>
}

export interface BaselineKpisOptions {
  readonly query: ReadQuery
  readonly applicationId: string
}

const DAY_MS = 24 * 60 * 60 * 1000

const Counts = Compile(Type.Object({
  requests: Type.Number(),
  impressions: Type.Number(),
  watched: Type.Number(),
  top_impressions: Type.Number(),
  top_watched: Type.Number(),
  top_items: Type.Number(),
  watches: Type.Number(),
  avg_watch_time_sec: Type.Number(),
  catalog: Type.Number()
}))

/** The KPI snapshot of the log tables, computed by Postgres when asked. */
export function openBaselineKpis ({ query, applicationId }: BaselineKpisOptions): BaselineKpisReader {
  const sql = baselineSql(quoteSchema(applicationId))

  async function over ({ days, nowMs }: { readonly days: number, readonly nowMs: number }): Promise<BaselineMetrics> {
    const [row] = await rowsOrNone(query(sql, [nowMs - days * DAY_MS]))
    if (row === undefined) return nothingCounted(days)
    const counts = Counts.Parse(row)
    return {
      window_days: days,
      requests: counts.requests,
      impressions: counts.impressions,
      watches: counts.watches,
      watched_impressions: counts.watched,
      ctr_at_20_pct: percentage(counts.top_watched, counts.top_impressions),
      avg_watch_time_sec: counts.avg_watch_time_sec,
      catalog_coverage_at_20_pct: percentage(counts.top_items, counts.catalog)
    }
  }

  return { over }
}

async function rowsOrNone (rows: Promise<readonly unknown[]>): Promise<readonly unknown[]> {
  try {
    return await rows
  } catch (error) {
    if (isSchemaMissing(error)) return []
    throw error
  }
}

function nothingCounted (days: number): BaselineMetrics {
  return {
    window_days: days,
    requests: 0,
    impressions: 0,
    watches: 0,
    watched_impressions: 0,
    ctr_at_20_pct: 0,
    avg_watch_time_sec: 0,
    catalog_coverage_at_20_pct: 0
  }
}

function percentage (part: number, whole: number): number {
  return whole === 0 ? 0 : 100 * part / whole
}

/** `position < 20` counts on both sides of the click-through rate. Counts come as float8, which drivers give as numbers. */
function baselineSql (schema: string): string {
  return `
    with shown as (
      select i.request_id, i.item_id, i.position < 20 as top, exists (
        select from ${schema}.watches w
        where w.user_id = i.user_id and w.request_id = i.request_id and w.item_id = i.item_id and w.ts_ms >= i.ts_ms
      ) as watched
      from ${schema}.impressions i
      where i.ts_ms >= $1::bigint
    ), shown_counts as (
      select count(distinct request_id) as requests, count(*) as impressions, count(*) filter (where watched) as watched,
        count(*) filter (where top) as top_impressions, count(*) filter (where top and watched) as top_watched,
        count(distinct item_id) filter (where top) as top_items
      from shown
    ), watch_counts as (
      select count(*) as watches, coalesce(avg(watch_time_sec), 0) as avg_watch_time_sec
      from ${schema}.watches
      where ts_ms >= $1::bigint
    )
    select requests::float8, impressions::float8, watched::float8, top_impressions::float8, top_watched::float8, top_items::float8,
      watches::float8, avg_watch_time_sec::float8, (select count(*)::float8 from ${schema}.item_popularity) as catalog
    from shown_counts, watch_counts`
}
