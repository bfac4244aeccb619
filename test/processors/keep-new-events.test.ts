import { deepEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { keepNewEvents } from '../../processors/keep-new-events.ts'
import { eventLog } from '../../stores/event-log.ts'
import { runProcessor } from '../helpers/processor.ts'

const event = { event_id: 'event-01', user_id: 'u1', item_id: 'i1', event_type: 'click' as const, ts: 1_750_000_000 }

test('a new event is stored with its time in milliseconds, and passed on as it came', async () => {
  const { forwarded, rows } = await runProcessor(keepNewEvents({ in: eventLog }), [event])

  deepEqual(forwarded, [event])
  deepEqual(rows(eventLog), [{ event_id: 'event-01', user_id: 'u1', item_id: 'i1', event_type: 'click', ts: 1_750_000_000_000 }])
})

test('an event delivered twice is passed on once, and dropped as a duplicate', async () => {
  const { forwarded, dropped } = await runProcessor(keepNewEvents({ in: eventLog }), [event, event, { ...event, event_id: 'event-02' }])

  deepEqual(forwarded.map(({ event_id: id }) => id), ['event-01', 'event-02'])
  deepEqual(dropped, ['duplicate'])
})
