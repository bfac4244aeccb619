import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { BaselineAnswer, BaselineQuery } from '../schemas/baseline.ts'
import { kpiTargets } from '../schemas/targets.ts'
import type { BaselineKpisReader } from '../stores/baseline-kpis.ts'
import { errorAnswers } from './errors.ts'

export interface BaselineOptions {
  readonly baseline: BaselineKpisReader
  readonly now: () => number
}

const schema = {
  summary: 'How well the recommendations did',
  querystring: BaselineQuery,
  response: { 200: BaselineAnswer, ...errorAnswers }
}

/** GET /analytics/baseline: the KPI snapshot of the last days. */
export const baseline: FastifyPluginAsyncTypebox<BaselineOptions> = async (app, { baseline, now }) => {
  app.get('/analytics/baseline', { schema }, async ({ query: { days } }) => ({
    kpi_targets: kpiTargets,
    metrics: await baseline.over({ days, nowMs: now() })
  }))
}
