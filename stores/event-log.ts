import { column, defineRows } from '../streams/index.ts'

/** Every view, click and purchase, once. */
export const eventLog = defineRows({
  name: 'events',
  key: ['event_id'],
  columns: {
    event_id: column('text'),
    user_id: column('text'),
    item_id: column('text'),
    event_type: column('text'),
    ts: column('timestamptz')
  }
})
