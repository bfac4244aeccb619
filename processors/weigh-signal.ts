import type { InteractionEvent } from '../schemas/interaction-event.ts'
import type { Interaction } from '../schemas/interaction.ts'
import { toMillis } from '../schemas/time.ts'
import type { Watch } from '../schemas/watch.ts'

/** The weights of specification 000, "Online Feature Freshness Loop". */
const WEIGHTS = { view: 1, click: 3, purchase: 10 } as const

/** A watch as a signal: how long, or how much of it, somebody watched says how much they liked it. */
export function weighWatch (watch: Watch): Interaction {
  return { user_id: watch.user_id, item_id: watch.item_id, weight: WEIGHTS[signalOf(watch)], ts_ms: toMillis(watch.ts_ms) }
}

/** An event names its own signal. */
export function weighEvent (event: InteractionEvent): Interaction {
  return { user_id: event.user_id, item_id: event.item_id, weight: WEIGHTS[event.event_type], ts_ms: toMillis(event.ts) }
}

function signalOf ({ percent_watched: percent, watch_time_sec: seconds }: Watch): keyof typeof WEIGHTS {
  const watched = percent ?? 0
  if (watched >= 80 || seconds >= 120) return 'purchase'
  return watched >= 40 || seconds >= 30 ? 'click' : 'view'
}
