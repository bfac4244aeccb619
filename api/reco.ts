import { randomUUID } from 'node:crypto'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { RecoAnswer, RecoQuery, type Strategy } from '../schemas/reco.ts'
import { errorAnswers } from './errors.ts'
import { recoItems, type RecoItemsOptions } from './reco-items.ts'

const strategyNames = { 'rules-v1': 'co_vis_popularity_hybrid', 'rules-v2': 'co_vis_normalised' } as const satisfies Record<Strategy, string>

const schema = {
  summary: 'What to show a user next',
  querystring: RecoQuery,
  response: { 200: RecoAnswer, ...errorAnswers }
}

/** GET /reco: retrieval and ranking. It reads, and does nothing else. */
export const reco: FastifyPluginAsyncTypebox<RecoItemsOptions> = async (app, options) => {
  app.get('/reco', { schema }, async ({ query }) => {
    const { items, explanations, degraded } = await recoItems(query, options)
    const answer: RecoAnswer = {
      request_id: randomUUID().replaceAll('-', ''),
      items,
      model_version: query.strategy,
      strategy: strategyNames[query.strategy]
    }
    if (explanations !== undefined) answer.explanations = explanations
    if (degraded) answer.degraded = true
    return answer
  })
}
