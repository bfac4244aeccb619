import { deepEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { storeImpression } from '../../processors/store-impression.ts'
import { impressionLog } from '../../stores/impression-log.ts'
import { runProcessor } from '../helpers/processor.ts'

const impression = {
  event_id: 'impression-1',
  user_id: 'u1',
  session_id: 's1',
  request_id: 'r1',
  ts_ms: 1_750_000_000,
  context: { device: 'tv' },
  items: [{ item_id: 'i1', position: 0, feed_id: 'home' }, { item_id: 'i2', position: 1 }]
}

const shared = { event_id: 'impression-1', user_id: 'u1', session_id: 's1', request_id: 'r1', ts_ms: 1_750_000_000_000, server_received_ts_ms: null, context: '{"device":"tv"}', slot: null }

test('an impression is stored as one row per shown item, its time in milliseconds', async () => {
  const { rows } = await runProcessor(storeImpression({ into: impressionLog }), [impression])

  deepEqual(rows(impressionLog), [
    { ...shared, position: 0, item_id: 'i1', feed_id: 'home' },
    { ...shared, position: 1, item_id: 'i2', feed_id: null }
  ])
})

test('an impression delivered twice is stored once', async () => {
  const { rows } = await runProcessor(storeImpression({ into: impressionLog }), [impression, impression])

  deepEqual(rows(impressionLog).length, 2)
})
