import { equal, deepEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { weighEvent, weighWatch } from '../../processors/weigh-signal.ts'

const watch = { event_id: 'watch-01', user_id: 'u1', session_id: 's1', request_id: 'r1', ts_ms: 1_750_000_000, item_id: 'i1' }

for (const [watched, weight] of [
  [{ watch_time_sec: 0, percent_watched: 80 }, 10],
  [{ watch_time_sec: 120, percent_watched: null }, 10],
  [{ watch_time_sec: 119.9, percent_watched: 79.9 }, 3],
  [{ watch_time_sec: 0, percent_watched: 40 }, 3],
  [{ watch_time_sec: 30 }, 3],
  [{ watch_time_sec: 29.9, percent_watched: 39.9 }, 1],
  [{ watch_time_sec: 0 }, 1]
] as const) {
  test(`a watch of ${watched.watch_time_sec} s and ${'percent_watched' in watched ? watched.percent_watched : 'no'} percent weighs ${weight}`, () => {
    equal(weighWatch({ ...watch, ...watched }).weight, weight)
  })
}

test('an event weighs what its type says: view 1, click 3, purchase 10', () => {
  const weights = (['view', 'click', 'purchase'] as const).map(type => weighEvent({ event_id: 'event-01', user_id: 'u1', item_id: 'i1', event_type: type, ts: 1 }).weight)

  deepEqual(weights, [1, 3, 10])
})

test('times in seconds become milliseconds', () => {
  equal(weighWatch({ ...watch, watch_time_sec: 1 }).ts_ms, 1_750_000_000_000)
})
