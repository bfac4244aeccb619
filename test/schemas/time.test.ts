import assert from 'node:assert/strict'
import test from 'node:test'
import { toMillis } from '../../schemas/time.ts'
import { watchContract } from '../../schemas/watch.ts'
import { interactionEventContract } from '../../schemas/interaction-event.ts'
import { interactionEvent, watch } from '../helpers/events.ts'

const contract = watchContract({ CONTRACT_MAX_EVENT_FUTURE_MS: 1000, CONTRACT_MAX_EVENT_AGE_MS: 5000 })
const now = 1_760_000_000_000

test('below 10^12 a time is seconds', () => {
  assert.equal(toMillis(999_999_999_999), 999_999_999_999_000)
  assert.equal(toMillis(1_000_000_000_000), 1_000_000_000_000)
  assert.equal(toMillis(1_760_000_000), now)
})

test("an event's time is compared with its record's, and both limits are still inside", () => {
  const record = { timestamp: now }

  assert.equal(contract.accepts(watch({ ts_ms: now + 1000 }), record), true)
  assert.equal(contract.accepts(watch({ ts_ms: now - 5000 }), record), true)
  assert.equal(contract.accepts(watch({ ts_ms: now + 1001 }), record), false)
  assert.equal(contract.accepts(watch({ ts_ms: now - 5001 }), record), false)
  assert.equal(contract.explain(watch({ ts_ms: now + 1001 }), record).errorType, 'window')
  assert.match(contract.explain(watch({ ts_ms: now - 5001 }), record).message, /^ts_ms: found 1759999994999, which is 5001 ms before the record's time/)
})

test('seconds are compared in milliseconds', () => {
  assert.equal(contract.accepts(watch({ ts_ms: now / 1000 }), { timestamp: now }), true)
})

test('the clock does not matter: last quarter is as good as today', () => {
  const lastQuarter = now - 90 * 24 * 60 * 60 * 1000

  assert.equal(contract.accepts(watch({ ts_ms: lastQuarter }), { timestamp: lastQuarter }), true)
})

test('a record without a timestamp skips the check', () => {
  assert.equal(contract.accepts(watch({ ts_ms: 1 }), { timestamp: -1 }), true)
})

test('the window goes by ts where the event calls it so', () => {
  const events = interactionEventContract({ CONTRACT_MAX_EVENT_FUTURE_MS: 1000, CONTRACT_MAX_EVENT_AGE_MS: 5000 })

  assert.equal(events.accepts(interactionEvent({ ts: now }), { timestamp: now }), true)
  assert.deepEqual(events.problems(interactionEvent({ ts: now - 6000 }), { timestamp: now }).map(problem => [problem.path, problem.errorType]), [['ts', 'window']])
})

test('a mistake of the schema outweighs the window, and both are named', () => {
  const { errorType, message } = contract.explain(watch({ ts_ms: now - 6000, user_id: '' }), { timestamp: now })

  assert.equal(errorType, 'schema')
  assert.match(message, /user_id: .*; ts_ms: /)
})
