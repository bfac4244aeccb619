import assert from 'node:assert/strict'
import test from 'node:test'
import { openBaselineKpis } from '../../stores/baseline-kpis.ts'
import { openPglite } from '../helpers/pglite.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const nowMs = 1_760_000_000_000

const tables = `
  create schema "reco.test-v1";
  create table "reco.test-v1".impressions (event_id text collate "C", position integer, user_id text collate "C", request_id text collate "C",
    item_id text collate "C", ts_ms bigint, primary key (event_id, position));
  create table "reco.test-v1".watches (event_id text collate "C" primary key, user_id text collate "C", request_id text collate "C",
    item_id text collate "C", ts_ms bigint, watch_time_sec double precision);
  create table "reco.test-v1".item_popularity (item_id text collate "C" primary key, score bigint, updated_at timestamptz);`

test('before there is a schema every count is 0', async t => {
  const { query } = await openPglite(t)

  const metrics = await openBaselineKpis({ query, applicationId: 'reco.test-v1' }).over({ days: 7, nowMs })

  assert.deepEqual(metrics, { window_days: 7, requests: 0, impressions: 0, watches: 0, watched_impressions: 0, ctr_at_20_pct: 0, avg_watch_time_sec: 0, catalog_coverage_at_20_pct: 0 })
})

test('only positions below 20 count for the rate and the coverage, and only watches at or after their impression', async t => {
  const { query, exec } = await openPglite(t)
  await exec(tables)
  await exec(`
    insert into "reco.test-v1".impressions values
      ('e1', 0, 'u1', 'r1', 'a', ${nowMs - 1000}), ('e1', 19, 'u1', 'r1', 'b', ${nowMs - 1000}), ('e1', 20, 'u1', 'r1', 'c', ${nowMs - 1000}),
      ('e2', 0, 'u2', 'r2', 'a', ${nowMs - 1000}), ('e2', 1, 'u2', 'r2', 'b', ${nowMs - 1000}),
      ('old', 0, 'u1', 'r0', 'a', ${nowMs - 2 * DAY_MS});
    insert into "reco.test-v1".watches values
      ('w1', 'u1', 'r1', 'a', ${nowMs - 1000}, 10), ('w2', 'u1', 'r1', 'a', ${nowMs - 500}, 20),
      ('w3', 'u1', 'r1', 'c', ${nowMs - 500}, 30),
      ('w4', 'u2', 'r2', 'a', ${nowMs - 1001}, 40),
      ('w5', 'u3', 'r2', 'b', ${nowMs - 500}, 50),
      ('w6', 'u1', 'r0', 'a', ${nowMs - 2 * DAY_MS}, 999);
    insert into "reco.test-v1".item_popularity values ('a', 1, now()), ('b', 1, now()), ('c', 1, now()), ('d', 1, now());`)

  const metrics = await openBaselineKpis({ query, applicationId: 'reco.test-v1' }).over({ days: 1, nowMs })

  assert.deepEqual(metrics, {
    window_days: 1,
    requests: 2,
    impressions: 5,
    watches: 5,
    watched_impressions: 2,
    ctr_at_20_pct: 25,
    avg_watch_time_sec: 30,
    catalog_coverage_at_20_pct: 50
  })
})
