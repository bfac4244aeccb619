import { column, defineRows, nullable } from '../streams/index.ts'

/** Every watch, once. Whether its event is new decides whether it counts. */
export const watchLog = defineRows({
  name: 'watches',
  key: ['event_id'],
  columns: {
    event_id: column('text'),
    user_id: column('text'),
    session_id: column('text'),
    request_id: column('text'),
    ts_ms: column('bigint'),
    server_received_ts_ms: nullable('bigint'),
    item_id: column('text'),
    watch_time_sec: column('double precision'),
    percent_watched: nullable('double precision'),
    ended: nullable('boolean'),
    playback_speed: nullable('double precision'),
    rebuffer_count: nullable('bigint'),
    context: nullable('jsonb')
  }
})
