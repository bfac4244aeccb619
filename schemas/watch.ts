import Type, { type Static } from 'typebox'
import { defineEventContract, type EventContract } from './contract.ts'
import { eventFields, ItemId, optional, optionalName } from './fields.ts'
import type { ContractSettings } from './settings.ts'

/** How long a user watched an item. */
export type Watch = Static<typeof Watch>
export const Watch = Type.Object({
  ...eventFields,
  event_type: optionalName('watch'),
  item_id: ItemId,
  watch_time_sec: Type.Number({ minimum: 0 }),
  percent_watched: optional(Type.Number({ minimum: 0, maximum: 100 })),
  ended: optional(Type.Boolean()),
  playback_speed: optional(Type.Number({ minimum: 0.25, maximum: 4 })),
  rebuffer_count: optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }))
})

/** What `TOPIC_WATCH` may hold. */
export function watchContract (settings: ContractSettings): EventContract<Watch> {
  return defineEventContract({ name: 'watch', schema: Watch, timeField: 'ts_ms', settings })
}
