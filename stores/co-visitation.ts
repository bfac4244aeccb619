import { defineCounter } from '../streams/index.ts'

/** How often `next_item_id` followed `prev_item_id` in a user's history. Trimmed at 128 in Redis; the best 100 are promised. */
export const coVisitation = defineCounter({
  name: 'co_visitation',
  key: ['prev_item_id', 'next_item_id'],
  count: 'cnt',
  keep: 100
})
