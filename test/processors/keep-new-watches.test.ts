import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { keepNewWatches } from '../../processors/keep-new-watches.ts'
import { watchLog } from '../../stores/watch-log.ts'
import { runProcessor } from '../helpers/processor.ts'

const watch = { event_id: 'watch-01', user_id: 'u1', session_id: 's1', request_id: 'r1', ts_ms: 1_750_000_000_123, item_id: 'i1', watch_time_sec: 12.5 }

test('a new watch is stored and passed on as it came', async () => {
  const { forwarded, rows } = await runProcessor(keepNewWatches({ in: watchLog }), [watch])

  deepEqual(forwarded, [watch])
  deepEqual(rows(watchLog), [{
    ...watch, server_received_ts_ms: null, percent_watched: null, ended: null, playback_speed: null, rebuffer_count: null, context: null
  }])
})

test('a watch delivered twice is stored and passed on once, and dropped as a duplicate', async () => {
  const { forwarded, dropped, rows } = await runProcessor(keepNewWatches({ in: watchLog }), [watch, { ...watch, item_id: 'other' }])

  equal(forwarded.length, 1)
  deepEqual(dropped, ['duplicate'])
  deepEqual(rows(watchLog).map(({ item_id: itemId }) => itemId), ['i1'])
})
