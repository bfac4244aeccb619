import { deepEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { Interaction } from '../../schemas/interaction.ts'
import { linkToPrevious } from '../../processors/link-to-previous.ts'
import { coVisitation } from '../../stores/co-visitation.ts'
import { coVisitationIn } from '../../stores/co-visitation-in.ts'
import { coVisitationOut } from '../../stores/co-visitation-out.ts'
import { userHistory } from '../../stores/user-history.ts'
import { defineProcessor } from '../../streams/index.ts'
import { runProcessor } from '../helpers/processor.ts'

const link = linkToPrevious({ history: userHistory, into: coVisitation, outgoing: coVisitationOut, incoming: coVisitationIn })

/** The node together with what remembers the item after it, as they stand in the topology. */
const linkAndRemember = defineProcessor({
  name: 'link-and-remember',
  input: Interaction,
  stores: link.stores,
  process (record, context) {
    link.process(record, {
      ...context,
      forward: ({ value }) => context.stores.history.append({ user_id: value.user_id }, { item_id: value.item_id, ts: value.ts_ms }, { keep: 20 })
    })
  }
})

const interaction = (item: string, user = 'u1'): Interaction => ({ user_id: user, item_id: item, weight: 1, ts_ms: 1 })

test("an item is linked to the newest of the user's history, and both totals grow", async () => {
  const { rows } = await runProcessor(linkAndRemember, [interaction('i1'), interaction('i2'), interaction('i3')])

  deepEqual(rows(coVisitation), [{ prev_item_id: 'i1', next_item_id: 'i2', cnt: 1 }, { prev_item_id: 'i2', next_item_id: 'i3', cnt: 1 }])
  deepEqual(rows(coVisitationOut), [{ item_id: 'i1', cnt: 1 }, { item_id: 'i2', cnt: 1 }])
  deepEqual(rows(coVisitationIn), [{ item_id: 'i2', cnt: 1 }, { item_id: 'i3', cnt: 1 }])
})

test('the same item again is no link, and neither is the first item of a user', async () => {
  const { rows } = await runProcessor(linkAndRemember, [interaction('i1'), interaction('i1'), interaction('i2', 'u2')])

  deepEqual(rows(coVisitation), [])
})
