import { defineCounter } from '../streams/index.ts'

/** How much all users together have watched, clicked and bought an item, weighted by signal. */
export const itemPopularity = defineCounter({
  name: 'item_popularity',
  key: ['item_id'],
  count: 'score',
  updatedAt: 'updated_at'
})
