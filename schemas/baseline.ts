import Type, { type Static } from 'typebox'
import { KpiTargets } from './targets.ts'

export type BaselineQuery = Static<typeof BaselineQuery>
export const BaselineQuery = Type.Object({ days: Type.Integer({ minimum: 1, maximum: 30, default: 7 }) })

/** How well the recommendations did, counted from impressions and watches. */
export type BaselineMetrics = Static<typeof BaselineMetrics>
export const BaselineMetrics = Type.Object({
  window_days: Type.Integer(),
  requests: Type.Integer(),
  impressions: Type.Integer(),
  watches: Type.Integer(),
  watched_impressions: Type.Integer({ description: 'Impressions with a watch of the same user, request and item at or after them.' }),
  ctr_at_20_pct: Type.Number({ description: 'Watched impressions per impression, both at positions below 20.' }),
  avg_watch_time_sec: Type.Number(),
  catalog_coverage_at_20_pct: Type.Number({ description: 'Distinct items at positions below 20, per item that has a popularity.' })
})

export type BaselineAnswer = Static<typeof BaselineAnswer>
export const BaselineAnswer = Type.Object({ kpi_targets: KpiTargets, metrics: BaselineMetrics })
