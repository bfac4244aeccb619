import type { Impression } from '../../schemas/impression.ts'
import type { InteractionEvent } from '../../schemas/interaction-event.ts'
import type { Watch } from '../../schemas/watch.ts'

/** The time of the events that builders make. */
export const EVENT_TIME = 1_760_000_000_000

const common = { user_id: 'u1', session_id: 's1', request_id: 'r1', ts_ms: EVENT_TIME }

export function watch (fields: Partial<Watch> = {}): Watch {
  return { ...common, event_id: 'watch-001', item_id: 'i1', watch_time_sec: 42, ...fields }
}

export function impression (fields: Partial<Impression> = {}): Impression {
  return { ...common, event_id: 'impression-001', items: [{ item_id: 'i1', position: 0 }, { item_id: 'i2', position: 1 }], ...fields }
}

export function interactionEvent (fields: Partial<InteractionEvent> = {}): InteractionEvent {
  return { event_id: 'event-001', user_id: 'u1', item_id: 'i1', event_type: 'view', ts: EVENT_TIME, ...fields }
}
