import assert from 'node:assert/strict'
import test from 'node:test'
import type { WorkerReport } from '../../schemas/worker-status.ts'
import { openWorkerStatus } from '../../stores/worker-status.ts'
import { openPglite } from '../helpers/pglite.ts'

function report (fields: Partial<WorkerReport> = {}): WorkerReport {
  return {
    processed_count: 10,
    dlq_count: 1,
    last_consumer_lag_ms: 5,
    last_event_to_feature_latency_ms: 7,
    last_processed_at_ms: 1000,
    watch_feature_updates: 4,
    watch_duplicates: 2,
    history_size: 20,
    auto_offset_reset: 'latest',
    mode: 'external',
    ...fields
  }
}

test('without a schema, and without a worker, there is no status', async t => {
  const { query, exec } = await openPglite(t)
  const workers = openWorkerStatus({ query, applicationId: 'reco' })

  assert.equal(await workers.current(), undefined)
  await exec('create schema reco; create table reco.millrace_workers (worker_id text primary key, updated_at timestamptz, status jsonb)')
  assert.equal(await workers.current(), undefined)
})

test('workers that reported within 10 seconds are added up, the others are gone', async t => {
  const { query, exec } = await openPglite(t)
  await exec('create schema reco; create table reco.millrace_workers (worker_id text primary key, updated_at timestamptz, status jsonb)')
  const rows: readonly [id: string, ageSec: number, status: WorkerReport][] = [
    ['w1', 0, report()],
    ['w2', 9, report({ last_consumer_lag_ms: 50, last_event_to_feature_latency_ms: null, last_processed_at_ms: 2000 })],
    ['w3', 11, report({ processed_count: 1000 })]
  ]
  for (const [id, age, status] of rows) await exec(`insert into reco.millrace_workers values ('${id}', now() - interval '${age} seconds', '${JSON.stringify(status)}')`)

  const together = await openWorkerStatus({ query, applicationId: 'reco' }).current()

  assert.deepEqual(together, report({
    processed_count: 20, dlq_count: 2, watch_feature_updates: 8, watch_duplicates: 4, last_consumer_lag_ms: 50, last_event_to_feature_latency_ms: 7, last_processed_at_ms: 2000
  }))
})
