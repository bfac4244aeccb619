import Type, { type Static } from 'typebox'

/** A number, or null where nothing was measured yet. */
function measured () {
  return Type.Unsafe<number | null>({ type: ['number', 'null'] })
}

function judged () {
  return Type.Unsafe<boolean | null>({ type: ['boolean', 'null'] })
}

/** How /reco has answered lately. */
export type RecoMetrics = Static<typeof RecoMetrics>
export const RecoMetrics = Type.Object({
  window_sec: Type.Number(),
  sample_size: Type.Integer(),
  status_counts: Type.Object({ '2xx': Type.Integer(), '4xx': Type.Integer(), '5xx': Type.Integer() }),
  error_rate_pct: Type.Number({ description: 'The share of 5xx.' }),
  latency_ms: Type.Object({ p50: measured(), p95: measured(), p99: measured() }),
  sla: Type.Object({ target_p95_ms: Type.Number(), target_p99_ms: Type.Number(), p95_met: judged(), p99_met: judged() })
})
