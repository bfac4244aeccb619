import { Impression } from '../schemas/impression.ts'
import { toMillis } from '../schemas/time.ts'
import type { impressionLog } from '../stores/impression-log.ts'
import { defineProcessor } from '../streams/index.ts'

/**
 * Stores one row per shown item; the line ends here.
 *
 * Delivered twice: rows are keyed by event and position, so the second time changes nothing.
 */
export function storeImpression ({ into }: { readonly into: typeof impressionLog }) {
  return defineProcessor({
    name: 'store-impression',
    input: Impression,
    stores: { impressions: into },
    process ({ value }, { stores }) {
      const ts = toMillis(value.ts_ms)
      const context = value.context == null ? null : JSON.stringify(value.context)
      for (const { item_id: itemId, position, feed_id: feedId, slot } of value.items) {
        // All in one literal: a copy that is added to takes a second object for what is added.
        stores.impressions.insert({
          event_id: value.event_id,
          user_id: value.user_id,
          session_id: value.session_id,
          request_id: value.request_id,
          ts_ms: ts,
          server_received_ts_ms: value.server_received_ts_ms ?? null,
          context,
          position,
          item_id: itemId,
          feed_id: feedId ?? null,
          slot: slot ?? null
        })
      }
    }
  })
}
