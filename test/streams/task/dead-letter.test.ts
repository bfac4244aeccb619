import assert from 'node:assert/strict'
import { test } from 'node:test'
import { replayHeaders } from '../../../streams/dead-letters/replay-mark.ts'
import { Rejected } from '../../../streams/graph/contract.ts'
import type { LogRecord, OutgoingRecord } from '../../../streams/index.ts'
import { deadLetter, type DeadLetterOptions } from '../../../streams/task/dead-letter.ts'
import type { Failure } from '../../../streams/task/item.ts'
import { logRecord } from '../../helpers/tasks.ts'

const options: DeadLetterOptions = { applicationId: 'app', topic: 'dead', format: 'envelope', families: { spring: true, connect: false }, maxBytes: 10_000 }

const failure = (fields: Partial<Failure> = {}): Failure => ({
  rejected: new Rejected({ errorType: 'schema', message: '/user is missing' }), node: 'check', cause: undefined, failedAtMs: 1_700_000_000_999, ...fields
})

const envelopeOf = (record: Partial<LogRecord>, given: Partial<Failure> = {}, maxBytes = options.maxBytes): Record<string, unknown> =>
  JSON.parse(String(deadLetter(logRecord(record), failure(given), { ...options, maxBytes }).value))

const header = ({ headers }: OutgoingRecord, name: string): Buffer | null | undefined => headers.find(each => each[0] === name)?.[1]

test('the envelope says where the record came from, what was wrong and when, and holds it as it came', () => {
  assert.deepEqual(envelopeOf({ topic: 'moves', partition: 3, offset: 42, timestamp: 1_700_000_000_123, key: Buffer.from('ü'), value: Buffer.from('{"a": 1,}') }), {
    source_topic: 'moves',
    source_partition: 3,
    source_offset: 42,
    source_timestamp_ms: 1_700_000_000_123,
    source_key: 'ü',
    error_type: 'schema',
    error_message: '/user is missing',
    payload: '{"a": 1,}',
    failed_at_ms: 1_700_000_000_999
  })
})

test('what has no key, value or timestamp says so', () => {
  const { source_key, payload, source_timestamp_ms } = envelopeOf({ key: null, value: null, timestamp: -1 })

  assert.deepEqual({ source_key, payload, source_timestamp_ms }, { source_key: null, payload: null, source_timestamp_ms: -1 })
  assert.equal('timestamp' in deadLetter(logRecord({ timestamp: -1 }), failure(), options), false)
})

test('bytes that are no text are kept in base64 beside what can be read of them', () => {
  const value = Buffer.from([0x61, 0xff, 0xfe, 0x62])
  const { payload, payload_base64 } = envelopeOf({ value })

  assert.equal(payload, 'a\ufffd\ufffdb')
  assert.deepEqual(Buffer.from(String(payload_base64), 'base64'), value)
})

test('an envelope that would be too large is cut, says so, and fits', () => {
  for (const value of ['x'.repeat(50_000), '"'.repeat(50_000), '\u0001'.repeat(50_000), '\u{1f600}'.repeat(20_000)].map(text => Buffer.from(text)).concat(Buffer.alloc(50_000, 0xff))) {
    const letter = deadLetter(logRecord({ value }), failure(), options)
    const { payload, payload_truncated, payload_base64 } = JSON.parse(String(letter.value))

    assert.ok((letter.value?.length ?? 0) <= options.maxBytes)
    assert.equal(payload_truncated, true)
    assert.equal(payload_base64, undefined)
    assert.ok(payload.length > 0)
    assert.equal(String(header(letter, '__millrace.errors.payload-truncated')), 'true')
  }
})

test('a payload whose escapes alone make it too large is cut as well', () => {
  const { payload_truncated, payload } = envelopeOf({ value: Buffer.from('\u0001'.repeat(2_000)) })

  assert.equal(payload_truncated, true)
  assert.ok(String(payload).length > 100)
})

test('an envelope with no room for any payload is sent without', () => {
  const { payload, payload_truncated } = envelopeOf({ value: Buffer.from('x'.repeat(500)) }, {}, 10)

  assert.deepEqual({ payload, payload_truncated }, { payload: '', payload_truncated: true })
})

test('what fits is not marked as cut', () => {
  assert.equal(header(deadLetter(logRecord(), failure(), options), '__millrace.errors.payload-truncated'), undefined)
})

test('raw dead letters keep key, value, timestamp and headers of the source', () => {
  const record = logRecord({ key: Buffer.from([0xff]), value: Buffer.from([0, 1, 0xff]), headers: [['traceparent', Buffer.from('00-x')], ['none', null]] })

  const letter = deadLetter(record, failure(), { ...options, format: 'raw' })

  assert.deepEqual([letter.topic, letter.key, letter.value, letter.timestamp], ['dead', record.key, record.value, record.timestamp])
  assert.deepEqual(letter.headers.slice(0, 2), record.headers)
  assert.equal(deadLetter(logRecord({ value: null }), failure(), { ...options, format: 'raw' }).value, null)
  assert.equal(deadLetter(logRecord({ value: Buffer.alloc(50) }), failure(), { ...options, format: 'raw', maxBytes: 20 }).value?.length, 20)
})

test('every family of headers says what its tools look for, in its own encoding', () => {
  const cause = Object.assign(new RangeError('too far'), { stack: 'RangeError: too far\n    at here' })
  const letter = deadLetter(logRecord({ topic: 'moves', partition: 258, offset: 2 ** 40 + 7, timestamp: 1_700_000_000_123 }), failure({ cause, node: 'take-move', rejected: new Rejected({ errorType: 'processor', message: "Node 'take-move': too far" }) }), options)

  const text = (prefix: string): Record<string, string> => Object.fromEntries(letter.headers.flatMap(([name, value]) => name.startsWith(prefix) ? [[name.slice(prefix.length), String(value)]] : []))
  const coordinates = { topic: 'moves', partition: '258', offset: String(2 ** 40 + 7) }
  assert.deepEqual(text('__dlq.errors.'), { ...coordinates, group: 'app', 'delivery.count': '1', message: "Node 'take-move': too far" })
  assert.deepEqual(text('__streams.errors.'), { ...coordinates, exception: 'RangeError', message: "Node 'take-move': too far", stacktrace: cause.stack })
  assert.deepEqual(text('__millrace.errors.'), {
    format: '1',
    id: `app/moves-258@${2 ** 40 + 7}`,
    application: 'app',
    node: 'take-move',
    stage: 'process',
    type: 'processor',
    class: 'poison',
    attempts: '1',
    'first-failed-at-ms': '1700000000999',
    'failed-at-ms': '1700000000999',
    'replay-count': '0',
    body: 'envelope'
  })
  const spring = ['original-topic', 'original-partition', 'original-offset', 'original-timestamp', 'original-consumer-group', 'exception-fqcn', 'exception-message']
  assert.deepEqual(spring.map(name => header(letter, `kafka_dlt-${name}`)?.toString('hex')), [
    Buffer.from('moves').toString('hex'), '00000102', '0000010000000007', '0000018bcfe5687b',
    Buffer.from('app').toString('hex'), Buffer.from('RangeError').toString('hex'), Buffer.from("Node 'take-move': too far").toString('hex')
  ])
})

test('a missing timestamp is −1 for Spring too', () => {
  assert.equal(header(deadLetter(logRecord({ timestamp: -1 }), failure(), options), 'kafka_dlt-original-timestamp')?.toString('hex'), 'ffffffffffffffff')
})

const sizeOf = ({ headers }: OutgoingRecord): number => headers.reduce((size, [name, value]) => size + name.length + (value?.length ?? 0), 0)

test('what is added stays below 16 KiB, and the trace below 8: a message takes its bytes from the trace, and no character is cut in two', () => {
  const cause = Object.assign(new Error('x'), { stack: 's'.repeat(100_000) })
  const write = (message: string, connect: boolean): OutgoingRecord =>
    deadLetter(logRecord({ topic: 't'.repeat(249) }), failure({ cause, rejected: new Rejected({ errorType: 'processor', message }) }), { ...options, maxBytes: 900_000, families: { spring: true, connect } })
  const short = write('m', false)

  assert.equal(header(short, '__streams.errors.stacktrace')?.length, 8_192)
  for (const message of ['m'.repeat(100_000), '\u{1f600}'.repeat(50_000)]) {
    for (const connect of [false, true]) {
      const letter = write(message, connect)
      assert.ok(sizeOf(letter) <= 16_384)
      assert.ok((header(letter, '__streams.errors.stacktrace')?.length ?? 0) > 1_000)
      assert.doesNotMatch(String(header(letter, '__dlq.errors.message')), /\ufffd/)
    }
  }
})

test('the families of Spring and Kafka Connect are written where they are wanted', () => {
  const names = (families: DeadLetterOptions['families']): string[] => deadLetter(logRecord(), failure(), { ...options, families }).headers.map(([name]) => name)

  assert.equal(names({ spring: false, connect: false }).some(name => /^kafka_|^__connect/.test(name)), false)
  const connect = deadLetter(logRecord({ topic: 'moves', partition: 2, offset: 7 }), failure(), { ...options, families: { spring: false, connect: true } })
  const texts = Object.fromEntries(connect.headers.flatMap(([name, value]) => name.startsWith('__connect.errors.') ? [[name.slice('__connect.errors.'.length), String(value)]] : []))
  assert.deepEqual(texts, {
    topic: 'moves',
    partition: '2',
    offset: '7',
    'connector.name': 'app',
    'task.id': '2',
    stage: 'TRANSFORMATION',
    'class.name': 'check',
    'exception.class.name': 'Rejected',
    'exception.message': '/user is missing',
    'exception.stacktrace': ''
  })
})

test('attempts, the first failure and the class of a failure are said where they are known', () => {
  const letter = deadLetter(logRecord(), failure({ attempts: 4, firstFailedAtMs: 1_700_000_000_000, errorClass: 'retryable' }), options)

  const said = ['attempts', 'first-failed-at-ms', 'class'].map(name => String(header(letter, `__millrace.errors.${name}`)))
  assert.deepEqual([...said, String(header(letter, '__dlq.errors.delivery.count'))], ['4', '1700000000000', 'retryable', '4'])
})

test('a record that was replayed keeps its error id when it fails again, counts on, and bears no headers of the failure before', () => {
  const mark = { errorId: 'app/moves-0@3', count: 2, firstFailedAtMs: 1_600_000_000_000, replayId: 'r2', letter: 'dead-0@9' }
  const before = deadLetter(logRecord(), failure(), options).headers

  const again = deadLetter(logRecord({ offset: 99, headers: [['own', Buffer.from('1')], ...before, ...replayHeaders({ ...mark, topic: 'moves' })] }), failure(), options)

  const said = ['id', 'replay-count', 'last-replay-id', 'first-failed-at-ms'].map(name => String(header(again, `__millrace.errors.${name}`)))
  assert.deepEqual(said, ['app/moves-0@3', '2', 'r2', '1600000000000'])
  assert.equal(again.headers.filter(([name]) => name === '__dlq.errors.offset').length, 1)
  assert.equal(String(header(again, '__dlq.errors.offset')), '99')
  assert.equal(again.headers.some(([name]) => name.startsWith('__millrace.replay.')), false)
  assert.equal(String(header(again, 'own')), '1')
})

test('a record that was made of a replayed one is not taken for it', () => {
  const mark = { errorId: 'app/moves-0@3', count: 2, firstFailedAtMs: undefined, replayId: 'r2', letter: 'dead-0@9', topic: 'moves' }

  const letter = deadLetter(logRecord({ topic: 'seen', offset: 5, headers: replayHeaders(mark) }), failure(), options)

  assert.deepEqual([header(letter, '__millrace.errors.id'), header(letter, '__millrace.errors.replay-count')].map(String), ['app/seen-0@5', '0'])
})

test('the same record and failure give the same bytes', () => {
  const once = deadLetter(logRecord({ headers: [['a', Buffer.from('1')]] }), failure(), options)

  assert.deepEqual(deadLetter(logRecord({ headers: [['a', Buffer.from('1')]] }), failure(), options), once)
})

test('a key or headers that alone would fill the record are cut or left out, and it says so', () => {
  const letter = deadLetter(logRecord({ key: Buffer.alloc(9_000, 'k'), headers: [['h', Buffer.alloc(9_000)]] }), failure(), options)

  assert.equal(letter.key?.length, 2_500)
  assert.equal(header(letter, 'h'), undefined)
  assert.equal(String(header(letter, '__millrace.errors.key-truncated')), 'true')
  assert.equal(String(header(letter, '__millrace.errors.headers-truncated')), 'true')
})
