import Type, { type Static } from 'typebox'

const Measured = Type.Unsafe<number | null>({ type: ['number', 'null'] })
const Mode = Type.Unsafe<'embedded' | 'external'>({ type: 'string', enum: ['embedded', 'external'] })
const OffsetReset = Type.Unsafe<'latest' | 'earliest'>({ type: 'string', enum: ['latest', 'earliest'] })

/** What each worker writes about itself every second; counters since its start. */
export type WorkerReport = Static<typeof WorkerReport>
export const WorkerReport = Type.Object({
  processed_count: Type.Number(),
  dlq_count: Type.Number(),
  last_consumer_lag_ms: Measured,
  last_event_to_feature_latency_ms: Measured,
  last_processed_at_ms: Measured,
  watch_feature_updates: Type.Number(),
  watch_duplicates: Type.Number(),
  history_size: Type.Number(),
  auto_offset_reset: OffsetReset,
  mode: Mode
})

/** All workers of an application id together. */
export type StreamWorkerAnswer = Static<typeof StreamWorkerAnswer>
export const StreamWorkerAnswer = Type.Object({
  enabled: Type.Boolean(),
  is_running: Type.Boolean(),
  mode: Mode,
  group_id: Type.String(),
  topics: Type.Object({ impression: Type.String(), watch: Type.String(), event: Type.String(), dlq: Type.String() }),
  auto_offset_reset: OffsetReset,
  processed_count: Type.Integer(),
  dlq_count: Type.Integer(),
  runtime: Type.Object({ last_consumer_lag_ms: Measured, last_event_to_feature_latency_ms: Measured, last_processed_at_ms: Measured }),
  feature_loop: Type.Object({ watch_feature_updates: Type.Integer(), watch_duplicates: Type.Integer(), history_size: Type.Integer() })
})
