import { InteractionEvent } from '../schemas/interaction-event.ts'
import { toMillis } from '../schemas/time.ts'
import type { eventLog } from '../stores/event-log.ts'
import { defineProcessor } from '../streams/index.ts'

/**
 * Stores each event and passes on those whose `event_id` was not there before.
 *
 * Delivered twice: the second is dropped as `duplicate`, so nothing behind this node counts it.
 */
export function keepNewEvents ({ in: log }: { readonly in: typeof eventLog }) {
  return defineProcessor({
    name: 'keep-new-events',
    input: InteractionEvent,
    output: InteractionEvent,
    stores: { events: log },
    process (record, { stores, forward, drop }) {
      const { event_id: eventId, user_id: userId, item_id: itemId, event_type: eventType, ts } = record.value
      if (stores.events.has({ event_id: eventId })) return drop('duplicate')
      stores.events.insert({ event_id: eventId, user_id: userId, item_id: itemId, event_type: eventType, ts: toMillis(ts) })
      forward(record)
    }
  })
}
