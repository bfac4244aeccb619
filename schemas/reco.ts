import Type, { type Static, type TSchema } from 'typebox'
import { ItemId } from './fields.ts'

/** An id from a URL: U+0000 is refused here, because no store could be asked for it. */
export const QueryId = Type.String({ minLength: 1, maxLength: 128, pattern: '^[^\\u0000]*$' })

/** A yes or no from a URL. */
export const Flag = Type.Unsafe<'true' | 'false' | '1' | '0'>({ type: 'string', enum: ['true', 'false', '1', '0'] })

export function isYes (flag: Static<typeof Flag> | undefined): boolean {
  return flag === 'true' || flag === '1'
}

/** A parameter that may be given once or many times. */
function repeatable<S extends TSchema> (schema: S, description: string) {
  return Type.Optional(Type.Array(schema, { maxItems: 500, description }))
}

export type Strategy = Static<typeof Strategy>
export const Strategy = Type.Unsafe<'rules-v1' | 'rules-v2'>({ type: 'string', enum: ['rules-v1', 'rules-v2'] })

export type RecoQuery = Static<typeof RecoQuery>
export const RecoQuery = Type.Object({
  user_id: QueryId,
  session_id: QueryId,
  k: Type.Integer({ minimum: 1, maximum: 200, default: 20, description: 'How many items.' }),
  strategy: Type.Unsafe<Strategy>({ ...Strategy, default: 'rules-v2' }),
  exclude: repeatable(QueryId, 'Items not to recommend.'),
  seed_item: repeatable(QueryId, 'Stand in for the history of the user, the first as the newest.'),
  exclude_seen: Type.Unsafe<'history' | 'none'>({ type: 'string', enum: ['history', 'none'], default: 'history', description: 'Whether items of the history may come again.' }),
  explain: Type.Optional(Flag)
})

export type Explanation = Static<typeof Explanation>
export const Explanation = Type.Object({
  item_id: ItemId,
  score: Type.Number({ description: 'What the items are ordered by.' }),
  co_visitation: Type.Number({ description: "The history's part of the score." }),
  popularity: Type.Number({ description: "Popularity's part of the score." }),
  because: Type.Array(ItemId, { description: 'The items of the history that led here, newest first.' })
})

export type RecoAnswer = Static<typeof RecoAnswer>
export const RecoAnswer = Type.Object({
  request_id: Type.String({ description: '32 hexadecimal digits; impressions and watches name it.' }),
  items: Type.Array(ItemId),
  model_version: Strategy,
  strategy: Type.Unsafe<'co_vis_normalised' | 'co_vis_popularity_hybrid'>({ type: 'string', enum: ['co_vis_normalised', 'co_vis_popularity_hybrid'] }),
  explanations: Type.Optional(Type.Array(Explanation)),
  degraded: Type.Optional(Type.Boolean({ description: 'True when the fast copy of the features did not answer.' }))
})

export type RecommendQuery = Static<typeof RecommendQuery>
export const RecommendQuery = Type.Object({
  user_id: QueryId,
  k: Type.Integer({ minimum: 1, maximum: 200, default: 10 })
})

export type RecommendAnswer = Static<typeof RecommendAnswer>
export const RecommendAnswer = Type.Object({
  user_id: Type.String(),
  items: Type.Array(ItemId),
  reason: Type.Object({ type: Type.String(), sources: Type.Array(Type.String()) })
})

export type HistoryAnswer = Static<typeof HistoryAnswer>
export const HistoryAnswer = Type.Object({
  user_id: Type.String(),
  items: Type.Array(Type.Object({ item_id: ItemId, ts: Type.Integer({ description: 'Milliseconds since 1970.' }) }), { description: 'Newest first.' })
})
