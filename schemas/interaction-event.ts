import Type, { type Static } from 'typebox'
import { defineEventContract, type EventContract } from './contract.ts'
import { EventId, ItemId, optional, Timestamp, UserId } from './fields.ts'
import type { ContractSettings } from './settings.ts'

/** A user looked at, clicked or bought an item. */
export type InteractionEvent = Static<typeof InteractionEvent>
export const InteractionEvent = Type.Object({
  event_id: EventId,
  user_id: UserId,
  item_id: ItemId,
  event_type: Type.Unsafe<'view' | 'click' | 'purchase'>({ type: 'string', enum: ['view', 'click', 'purchase'] }),
  ts: Timestamp,
  server_received_ts_ms: optional(Timestamp)
})

/** What `TOPIC_EVENT` may hold. */
export function interactionEventContract (settings: ContractSettings): EventContract<InteractionEvent> {
  return defineEventContract({ name: 'event', schema: InteractionEvent, timeField: 'ts', settings })
}
