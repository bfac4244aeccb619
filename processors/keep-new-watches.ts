import { toMillis } from '../schemas/time.ts'
import { Watch } from '../schemas/watch.ts'
import type { watchLog } from '../stores/watch-log.ts'
import { defineProcessor } from '../streams/index.ts'

/**
 * Stores each watch and passes on those whose `event_id` was not there before.
 *
 * Delivered twice: the second is dropped as `duplicate`, so nothing behind this node counts it.
 */
export function keepNewWatches ({ in: log }: { readonly in: typeof watchLog }) {
  return defineProcessor({
    name: 'keep-new-watches',
    input: Watch,
    output: Watch,
    stores: { watches: log },
    process (record, { stores, forward, drop }) {
      const { value } = record
      if (stores.watches.has({ event_id: value.event_id })) return drop('duplicate')
      stores.watches.insert({
        event_id: value.event_id,
        user_id: value.user_id,
        session_id: value.session_id,
        request_id: value.request_id,
        ts_ms: toMillis(value.ts_ms),
        server_received_ts_ms: value.server_received_ts_ms ?? null,
        item_id: value.item_id,
        watch_time_sec: value.watch_time_sec,
        percent_watched: value.percent_watched ?? null,
        ended: value.ended ?? null,
        playback_speed: value.playback_speed ?? null,
        rebuffer_count: value.rebuffer_count ?? null,
        context: value.context == null ? null : JSON.stringify(value.context)
      })
      forward(record)
    }
  })
}
