import Type, { type Static } from 'typebox'

/** What makes an order valid; other fields are anything. */
export type Order = Static<typeof Order>
export const Order = Type.Object({
  customer: Type.String({ minLength: 1, maxLength: 64 }),
  amountCents: Type.Integer({ minimum: 1, maximum: 1_000_000_000 }),
  placedAt: Type.Integer({ minimum: 1 })
})
