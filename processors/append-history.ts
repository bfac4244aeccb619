import { Interaction } from '../schemas/interaction.ts'
import type { userHistory } from '../stores/user-history.ts'
import { defineProcessor } from '../streams/index.ts'

/**
 * Remembers the last `keep` items of a user; the line ends here.
 *
 * Delivered twice: appends twice; it stands behind a node that lets only new events pass.
 */
export function appendHistory ({ into, keep }: { readonly into: typeof userHistory, readonly keep: number }) {
  return defineProcessor({
    name: 'append-history',
    input: Interaction,
    stores: { history: into },
    process ({ value }, { stores }) {
      stores.history.append({ user_id: value.user_id }, { item_id: value.item_id, ts: value.ts_ms }, { keep })
    }
  })
}
