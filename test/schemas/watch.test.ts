import assert from 'node:assert/strict'
import test from 'node:test'
import { watchContract } from '../../schemas/watch.ts'
import { EVENT_TIME, watch } from '../helpers/events.ts'
import { testSettings } from '../helpers/api.ts'

const contract = watchContract(testSettings)
const record = { timestamp: EVENT_TIME }
const astral = '😀'

const accepted: readonly [why: string, value: unknown][] = [
  ['with its required fields only', watch()],
  ['with all its fields', watch({ event_type: 'watch', percent_watched: 100, ended: true, playback_speed: 0.25, rebuffer_count: 0, server_received_ts_ms: 1, context: { device: 'tv', user_agent: 'x' } })],
  ['whose optional fields are null', watch({ event_type: null, percent_watched: null, ended: null, playback_speed: null, rebuffer_count: null, server_received_ts_ms: null, context: null })],
  ['whose context fields are null', watch({ context: { device: null, country: null } })],
  ['whose id has 128 characters outside the basic plane', watch({ user_id: astral.repeat(128) })],
  ['of no length', watch({ watch_time_sec: 0 })],
  ['in seconds', watch({ ts_ms: EVENT_TIME / 1000 })]
]

for (const [why, value] of accepted) {
  test(`a watch ${why} is accepted`, () => {
    assert.equal(contract.accepts(value, record), true)
    assert.deepEqual(contract.problems(value, record), [])
  })
}

const refused: readonly [why: string, value: unknown, path: string][] = [
  ['that is no object', 'watch', ''],
  ['that is null', null, ''],
  ['that is a list', [watch()], ''],
  ['without an event id', { ...watch(), event_id: undefined }, 'event_id'],
  ['whose event id is short', watch({ event_id: '1234567' }), 'event_id'],
  ['whose event id is long', watch({ event_id: 'x'.repeat(65) }), 'event_id'],
  ['of nobody', watch({ user_id: '' }), 'user_id'],
  ['whose id has 129 characters', watch({ item_id: astral.repeat(129) }), 'item_id'],
  ['with U+0000 in an id', watch({ item_id: 'a\u0000b' }), 'item_id'],
  ['with half of a surrogate pair in an id', watch({ user_id: 'a\ud800' }), 'user_id'],
  ['with U+0000 in its context', watch({ context: { device: '\u0000' } }), 'context.device'],
  ['with an unknown field', { ...watch(), colour: 'red' }, 'colour'],
  ['with a field named like one of Object', { ...watch(), constructor: 'x' }, 'constructor'],
  ['with __proto__', JSON.parse(JSON.stringify(watch()).replace('{', '{"__proto__":1,')), '__proto__'],
  ['with an unknown field in its context', { ...watch(), context: { os: 'x' } }, 'context.os'],
  ['whose context is a text', { ...watch(), context: 'tv' }, 'context'],
  ['of another type', { ...watch(), event_type: 'impression' }, 'event_type'],
  ['shorter than nothing', watch({ watch_time_sec: -1 }), 'watch_time_sec'],
  ['of infinite length', watch({ watch_time_sec: Infinity }), 'watch_time_sec'],
  ['whose length is a text', { ...watch(), watch_time_sec: '42' }, 'watch_time_sec'],
  ['watched beyond the end', watch({ percent_watched: 100.1 }), 'percent_watched'],
  ['played too slowly', watch({ playback_speed: 0.2 }), 'playback_speed'],
  ['rebuffered half a time', watch({ rebuffer_count: 0.5 }), 'rebuffer_count'],
  ['rebuffered beyond 2^53 − 1 times', watch({ rebuffer_count: 2 ** 53 }), 'rebuffer_count'],
  ['at no time', watch({ ts_ms: 0 }), 'ts_ms'],
  ['at half a millisecond', watch({ ts_ms: EVENT_TIME + 0.5 }), 'ts_ms'],
  ['received beyond 2^53 − 1', watch({ server_received_ts_ms: 2 ** 53 }), 'server_received_ts_ms']
]

for (const [why, value, path] of refused) {
  test(`a watch ${why} is refused, and it says where`, () => {
    assert.equal(contract.accepts(value, record), false)
    assert.deepEqual(contract.problems(value, record).map(problem => [problem.path, problem.errorType]), [[path, 'schema']])
  })
}

test('all mistakes are named at once, with what was found and what is wanted', () => {
  const value = { ...watch(), event_id: 'x', item_id: undefined, percent_watched: 'half', colour: 'red' }

  const { errorType, message } = contract.explain(JSON.parse(JSON.stringify(value)), record)

  assert.equal(errorType, 'schema')
  assert.equal(message, [
    'event_id: found "x", wanted text of 8 to 64 characters',
    'item_id: missing, wanted text of 1 to 128 characters',
    'percent_watched: found "half", wanted a number of 0 to 100 or null',
    'colour: unknown field, wanted none but those of the contract'
  ].join('; '))
})
