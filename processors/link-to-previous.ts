import { Interaction } from '../schemas/interaction.ts'
import type { coVisitation } from '../stores/co-visitation.ts'
import type { coVisitationIn } from '../stores/co-visitation-in.ts'
import type { coVisitationOut } from '../stores/co-visitation-out.ts'
import type { userHistory } from '../stores/user-history.ts'
import { defineProcessor } from '../streams/index.ts'

export interface LinkToPreviousOptions {
  readonly history: typeof userHistory
  readonly into: typeof coVisitation
  /** Sums over `into`, by its first and by its second item. */
  readonly outgoing: typeof coVisitationOut
  readonly incoming: typeof coVisitationIn
}

/**
 * Counts that the item followed the user's newest one, if there is one and it is another.
 *
 * Delivered twice: counts twice; it stands behind a node that lets only new events pass.
 */
export function linkToPrevious ({ history, into, outgoing, incoming }: LinkToPreviousOptions) {
  return defineProcessor({
    name: 'link-to-previous',
    input: Interaction,
    output: Interaction,
    stores: { history, links: into, outgoing, incoming },
    process (record, { stores, forward }) {
      const { user_id: userId, item_id: itemId } = record.value
      const previous = stores.history.newest({ user_id: userId })
      if (previous !== undefined && previous.item_id !== itemId) {
        stores.links.add({ prev_item_id: previous.item_id, next_item_id: itemId }, 1)
        stores.outgoing.add({ item_id: previous.item_id }, 1)
        stores.incoming.add({ item_id: itemId }, 1)
      }
      forward(record)
    }
  })
}
