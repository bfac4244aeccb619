import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { Rejected } from '../../../streams/graph/contract.ts'
import type { DeadLetter } from '../../../streams/dead-letters/dead-letter.ts'
import { readDeadLetter } from '../../../streams/dead-letters/read.ts'
import { replayHeaders } from '../../../streams/dead-letters/replay-mark.ts'
import type { LogHeader } from '../../../streams/log/log.ts'
import { failed, FAILED_AT, letters, STACK, type Letter } from '../../helpers/dead-letters.ts'
import { logRecord } from '../../helpers/tasks.ts'

const read = (letter: Letter): DeadLetter => readDeadLetter(logRecord({ topic: 'dead', partition: 1, offset: 7, ...letter }))

/** What each family says of the same failure, beside the record itself. */
const said: Readonly<Record<keyof typeof letters, Partial<DeadLetter>>> = {
  millrace: { family: 'millrace', application: 'shop', node: 'check-order', stage: 'validate', errorCode: 'schema', errorClass: 'poison', exception: 'Rejected', attempts: 1, failedAtMs: FAILED_AT, firstFailedAtMs: FAILED_AT },
  envelopeOfOurs: { family: 'millrace', application: 'shop', node: 'check-order', stage: 'validate', errorCode: 'schema', errorClass: 'poison', exception: 'Rejected', attempts: 1, failedAtMs: FAILED_AT, firstFailedAtMs: FAILED_AT },
  'share-group': { family: 'share-group', application: 'billing', attempts: 5, message: 'gave up', headers: [] },
  'kafka-streams': { family: 'kafka-streams', exception: 'java.lang.IllegalStateException', stack: STACK },
  spring: { family: 'spring', application: 'billing', exception: 'java.lang.IllegalStateException', stack: STACK },
  'spring-retry': { family: 'spring-retry', application: 'billing', exception: 'java.lang.IllegalStateException', stack: STACK, attempts: 4 },
  connect: {
    family: 'connect', application: 'to-warehouse', node: 'org.apache.kafka.connect.json.JsonConverter', stage: 'VALUE_CONVERTER', exception: 'org.apache.kafka.connect.errors.DataException', stack: STACK
  },
  envelope: { family: 'envelope', errorCode: 'schema', failedAtMs: FAILED_AT, headers: [] }
}

for (const [name, write] of Object.entries(letters)) {
  test(`a dead letter of family ${name} says where it came from, what went wrong, and which record it was`, () => {
    // entries() forgets which names there are.
    const expected = said[name as keyof typeof letters]
    const letter = read(write(failed))

    assert.deepEqual(letter.at, { topic: 'dead', partition: 1, offset: 7 })
    assert.deepEqual(letter.origin, { topic: 'orders', partition: 3, offset: 1_234 })
    assert.equal(letter.message, expected.message ?? 'no')
    assert.deepEqual([String(letter.key), String(letter.value)], [String(failed.key), String(failed.value)])
    assert.deepEqual(letter.headers.filter(([name]) => !name.startsWith('retry_topic-')), expected.headers ?? failed.headers)
    for (const field of ['family', 'application', 'node', 'stage', 'errorCode', 'exception', 'stack', 'attempts', 'failedAtMs', 'firstFailedAtMs'] as const) {
      if (field === 'stack' && expected.family === 'millrace') continue
      assert.equal(letter[field], expected[field], field)
    }
    assert.equal(letter.errorClass, expected.errorClass ?? 'unknown')
    assert.equal(letter.errorId, `${expected.application ?? ''}/orders-3@1234`)
    assert.equal(letter.replayCount, 0)
    assert.deepEqual(letter.cuts, [])
  })
}

test('a record without any word of an error is a dead letter of which nothing is known', () => {
  const letter = read({ key: null, value: null, headers: [['own', null]], timestamp: -1 })

  assert.deepEqual([letter.family, letter.origin, letter.errorClass, letter.message, letter.errorId], ['none', undefined, 'unknown', undefined, '/dead-1@7'])
  assert.deepEqual(letter.headers, [['own', null]])
})

test('bytes that are no text come out of an envelope as they went in, and what was cut is said', () => {
  const value = Buffer.from([0, 0xff, 0xfe])
  const cut = letters.envelopeOfOurs({ ...failed, value: Buffer.from('x'.repeat(2_000_000)) })

  assert.deepEqual(read(letters.envelopeOfOurs({ ...failed, value })).value, value)
  assert.equal(read(letters.envelopeOfOurs({ ...failed, value: null })).value, null)
  assert.deepEqual(read(cut).cuts, ['payload'])
})

test('a raw dead letter whose record is itself an envelope stays that record', () => {
  const inner = letters.envelope(failed)
  const letter = read(letters.millrace({ ...failed, topic: 'dead', value: inner.value }))

  assert.deepEqual(letter.value, inner.value)
  assert.equal(letter.origin?.topic, 'dead')
})

test('of several families the first is believed, in our order; one that speaks of another record is not heard', () => {
  const letter = letters.connect({ ...failed, headers: letters.spring(failed).headers })
  const other = letters.spring({ ...failed, headers: letters['share-group']({ ...failed, topic: 'payments' }).headers })

  const both = read(letter)
  assert.deepEqual([both.family, both.application, both.exception, both.stage], ['spring', 'billing', 'java.lang.IllegalStateException', 'VALUE_CONVERTER'])
  const apart = read(other)
  assert.deepEqual([apart.family, apart.origin?.topic, apart.exception], ['share-group', 'payments', undefined])
})

test('of headers that stand there several times the last counts', () => {
  const twice = read({ ...letters.spring(failed), headers: [...letters.spring({ ...failed, topic: 'earlier', offset: 1 }).headers, ...letters.spring(failed).headers] })

  assert.deepEqual(twice.origin, { topic: 'orders', partition: 3, offset: 1_234 })
})

test('the attempts of older Spring versions are one byte', () => {
  const { headers, ...letter } = letters['spring-retry'](failed)

  assert.equal(read({ ...letter, headers: headers.map(header => header[0] === 'retry_topic-attempts' ? [header[0], Buffer.from([3])] : header) }).attempts, 3)
})

test('a replayed record that fails at somebody else keeps its error id and its count', () => {
  const mark = replayHeaders({ errorId: 'shop/orders-3@1', count: 2, firstFailedAtMs: 5, replayId: 'r', topic: 'orders', letter: 'dead-0@1' })
  const letter = read(letters.spring({ ...failed, headers: [...failed.headers, ...mark] }))

  assert.deepEqual([letter.errorId, letter.replayCount, letter.firstFailedAtMs, letter.headers], ['shop/orders-3@1', 2, 5, failed.headers])
})

test('how it came about behind internal topics leads to the user\'s record at the head', () => {
  const source = (path: string): DeadLetter['route'] => {
    const letter = letters.millrace({ ...failed, topic: 'shop-by-user' })
    return read({ ...letter, headers: [...letter.headers.slice(0, -1), ['millrace-source', Buffer.from(path)]] }).route
  }

  assert.deepEqual(source('shop/orders/0/orders-0@17#2/by-user/3#0'), { applicationId: 'shop', head: { topic: 'orders', partition: 0, offset: 17 }, isThroughInternalTopics: true })
  assert.deepEqual(source('shop/orders/0/my-orders.v2-10@17#2'), { applicationId: 'shop', head: { topic: 'my-orders.v2', partition: 10, offset: 17 }, isThroughInternalTopics: false })
  assert.deepEqual(source('shop/orders/0/wall-clock@17#2/by-user/3#0'), { applicationId: 'shop', head: undefined, isThroughInternalTopics: true })
  assert.equal(source('nonsense'), undefined)
})

test('whatever stands in headers and bodies, reading ends, and what it says is bounded', () => {
  const names = [...new Set(Object.values(letters).flatMap(write => write({ ...failed, headers: replayHeaders({ errorId: 'x', count: 1, firstFailedAtMs: 1, replayId: 'r', topic: 'orders', letter: 'l' }) }).headers.map(([name]) => name)))]
  const bytes = fc.oneof(fc.uint8Array({ maxLength: 20 }).map(each => Buffer.from(each)), fc.constant(null), fc.constant(Buffer.alloc(200_000, '9')), fc.stringMatching(/^-?\d{1,20}$/).map(each => Buffer.from(each)))
  const headers: fc.Arbitrary<LogHeader[]> = fc.array(fc.tuple(fc.constantFrom(...names), bytes), { maxLength: 40 })
  const values = fc.oneof(bytes, fc.json().map(each => Buffer.from(each)), fc.constant(Buffer.from('{"source_topic":"t","source_partition":1e99,"payload":')))

  fc.assert(fc.property(headers, values, (headers, value) => {
    const letter = read({ key: null, value, headers, timestamp: 0 })
    for (const text of [letter.message, letter.node, letter.exception, letter.origin?.topic, letter.errorId]) assert.ok((text ?? '').length <= 4_200)
    assert.ok(Number.isSafeInteger(letter.replayCount) && letter.replayCount >= 0)
  }), { numRuns: 300 })
})

test('an error of ours keeps its stack and its class', () => {
  const cause = new RangeError('too far')
  const letter = read(letters.millrace(failed, { cause, rejected: new Rejected({ errorType: 'processor', message: 'too far' }), errorClass: 'retryable', attempts: 3 }))

  assert.deepEqual([letter.stack, letter.errorClass, letter.exception, letter.attempts, letter.stage], [cause.stack, 'retryable', 'RangeError', 3, 'process'])
})
