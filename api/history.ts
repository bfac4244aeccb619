import Type from 'typebox'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { HistoryAnswer, QueryId } from '../schemas/reco.ts'
import type { RecoFeaturesReader } from '../stores/reco-features.ts'
import { errorAnswers } from './errors.ts'

const schema = {
  summary: 'The newest items of a user',
  params: Type.Object({ user_id: QueryId }),
  response: { 200: HistoryAnswer, ...errorAnswers }
}

/** GET /users/{user_id}/history: what the recommendations start from. Empty for users nobody knows. */
export const history: FastifyPluginAsyncTypebox<{ readonly features: RecoFeaturesReader }> = async (app, { features }) => {
  app.get('/users/:user_id/history', { schema }, async ({ params: { user_id } }) => {
    const { history } = await features.firstLook({ user: user_id, popular: 1 })
    return { user_id, items: history.map(({ item_id, ts }) => ({ item_id, ts })) }
  })
}
