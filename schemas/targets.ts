import Type, { type Static } from 'typebox'

export type KpiTargets = Static<typeof KpiTargets>
export const KpiTargets = Type.Object({
  ctr_at_20: Type.String(),
  avg_watch_time_sec: Type.String(),
  catalog_coverage_at_20: Type.String()
})

export const kpiTargets: KpiTargets = { ctr_at_20: '>= 8%', avg_watch_time_sec: '>= 35', catalog_coverage_at_20: '>= 60%' }

export type SlaTargets = Static<typeof SlaTargets>
export const SlaTargets = Type.Object({
  reco_p95_ms: Type.Number(),
  reco_p99_ms: Type.Number(),
  api_error_rate_pct: Type.Number()
})

export const slaTargets: SlaTargets = { reco_p95_ms: 120, reco_p99_ms: 200, api_error_rate_pct: 1.0 }

/** The most events of one /log/batch. */
export const MAX_BATCH_SIZE = 1000

/** What senders and readers may rely on. */
export type ContractAnswer = Static<typeof ContractAnswer>
export const ContractAnswer = Type.Object({
  kpi_targets: KpiTargets,
  sla_targets: SlaTargets,
  event_contract: Type.Object({
    max_event_future_ms: Type.Integer(),
    max_event_age_ms: Type.Integer(),
    max_batch_size: Type.Integer()
  })
})
