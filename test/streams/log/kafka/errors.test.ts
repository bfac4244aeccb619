import { AuthenticationError, MultipleErrors, NetworkError, ProtocolError } from '@platformatic/kafka'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toLogError } from '../../../../streams/log/kafka/errors.ts'

test('an error is what its cause is, however deep that lies', () => {
  const wrapped = (id: string) => new MultipleErrors('failed', [new MultipleErrors('failed', [new ProtocolError(id)])])

  const kinds = ['MESSAGE_TOO_LARGE', 'INVALID_RECORD', 'TOPIC_AUTHORIZATION_FAILED', 'OFFSET_OUT_OF_RANGE', 'NOT_ENOUGH_REPLICAS'].map(id => toLogError(wrapped(id), 'test').kind)

  assert.deepEqual(kinds, ['data', 'data', 'fatal', 'out-of-range', 'outage'])
  assert.equal(toLogError(new NetworkError('gone'), 'test').kind, 'outage')
  assert.equal(toLogError(new AuthenticationError('wrong password'), 'test').kind, 'fatal')
})

test('what is not known to be a mistake is an outage', () => {
  assert.equal(toLogError(new Error('?'), 'test').kind, 'outage')
  assert.equal(toLogError('?', 'test').kind, 'outage')
})

test('a message says what was being done and each reason once', () => {
  const error = new MultipleErrors('Both failed.', [new ProtocolError('INVALID_RECORD', 'no key'), new ProtocolError('INVALID_RECORD', 'no key')])

  assert.equal(toLogError(error, 'Producing').message, 'Producing: Both failed.: INVALID_RECORD (no key)')
})
