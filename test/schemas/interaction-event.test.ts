import assert from 'node:assert/strict'
import test from 'node:test'
import { interactionEventContract } from '../../schemas/interaction-event.ts'
import { EVENT_TIME, interactionEvent } from '../helpers/events.ts'
import { testSettings } from '../helpers/api.ts'

const contract = interactionEventContract(testSettings)
const record = { timestamp: EVENT_TIME }

test('an event is a view, a click or a purchase', () => {
  for (const event_type of ['view', 'click', 'purchase'] as const) assert.equal(contract.accepts(interactionEvent({ event_type }), record), true)

  assert.match(contract.explain({ ...interactionEvent(), event_type: 'like' }, record).message, /event_type: found "like", wanted "view" or "click" or "purchase"/)
  assert.equal(contract.accepts({ ...interactionEvent(), event_type: null }, record), false)
})

test('an event has no field of the other events', () => {
  assert.equal(contract.accepts({ ...interactionEvent(), session_id: 's1' }, record), false)
})
