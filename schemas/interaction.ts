import Type, { type Static } from 'typebox'
import { ItemId, UserId } from './fields.ts'

/** What a watch and an event have in common once they count: who showed how much interest in what, and when. */
export type Interaction = Static<typeof Interaction>
export const Interaction = Type.Object({
  user_id: UserId,
  item_id: ItemId,
  /** What the signal adds to the item's popularity: view 1, click 3, purchase 10. */
  weight: Type.Integer({ minimum: 1 }),
  /** Milliseconds since 1970. */
  ts_ms: Type.Integer()
})
