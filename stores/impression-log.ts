import { column, defineRows, nullable } from '../streams/index.ts'

/** Every shown item of every impression, once. */
export const impressionLog = defineRows({
  name: 'impressions',
  key: ['event_id', 'position'],
  columns: {
    event_id: column('text'),
    position: column('integer'),
    user_id: column('text'),
    session_id: column('text'),
    request_id: column('text'),
    ts_ms: column('bigint'),
    server_received_ts_ms: nullable('bigint'),
    item_id: column('text'),
    feed_id: nullable('text'),
    slot: nullable('text'),
    context: nullable('jsonb')
  }
})
