import { AuthenticationError, MultipleErrors, NetworkError, ProtocolError, ResponseError } from '@platformatic/kafka'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { responseOf, toLogError } from '../../../../streams/log/kafka/errors.ts'

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

test("what was answered to a login is not taken for the request's own answer", () => {
  const refused = new ResponseError(36, 2, { '/': [58, 'invalid credentials'] }, { errorCode: 58 })
  const login = new MultipleErrors('Cannot connect to any broker.', [new AuthenticationError('SASL authentication failed.', { cause: refused })])

  assert.deepEqual(responseOf(refused), { errorCode: 58 })
  assert.equal(responseOf(login), undefined)
  assert.equal(toLogError(login, 'test').kind, 'fatal')
})

test('a certificate that is not trusted is a mistake, whatever OpenSSL calls it', () => {
  for (const code of ['SELF_SIGNED_CERT_IN_CHAIN', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID', 'CERT_UNTRUSTED', 'ERR_TLS_CERT_ALTNAME_INVALID']) {
    assert.equal(toLogError(new NetworkError('failed', { cause: Object.assign(new Error('no'), { code }) }), 'test').kind, 'fatal', code)
  }
  assert.equal(toLogError(Object.assign(new Error('no'), { code: 'ECONNRESET' }), 'test').kind, 'outage')
})
