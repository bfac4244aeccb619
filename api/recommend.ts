import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { RecommendAnswer, RecommendQuery } from '../schemas/reco.ts'
import type { RecoFeaturesReader } from '../stores/reco-features.ts'
import { errorAnswers } from './errors.ts'

export interface RecommendOptions {
  readonly features: RecoFeaturesReader
  readonly historySize: number
}

const schema = {
  summary: 'What is related to the newest item of a user, then what is popular',
  querystring: RecommendQuery,
  response: { 200: RecommendAnswer, ...errorAnswers }
}

/** GET /recommend: the basic list, without a score. Items of the history are left out. */
export const recommend: FastifyPluginAsyncTypebox<RecommendOptions> = async (app, { features, historySize }) => {
  app.get('/recommend', { schema }, async ({ query: { user_id, k } }) => {
    const { history, popular, degraded } = await features.firstLook({ user: user_id, popular: k + historySize })
    const newest = history[0]
    const look = newest === undefined ? undefined : await features.secondLook({ items: [newest.item_id], degraded })
    const seen = new Set(history.map(entry => entry.item_id))
    const found = [...look?.related[0]?.members ?? [], ...popular.map(entry => entry.member)].filter(item => !seen.has(item))
    return {
      user_id,
      items: [...new Set(found)].slice(0, k),
      reason: { type: 'hybrid', sources: ['co_visitation', 'trending'] }
    }
  })
}
