import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LogError, type OutgoingRecord } from '../../../streams/index.ts'
import { openMemoryState } from '../../../streams/state/memory-state.ts'
import { fakeProducer, type FakeProducer } from '../../helpers/producer.ts'
import { dead, logRecord, moveRecord, startEngine } from '../../helpers/tasks.ts'

const LIMIT = 1_048_588

/** Takes what a broker takes by default. */
function brokerLikeProducer (limit = LIMIT): FakeProducer {
  const producer = fakeProducer()
  producer.fail = records => {
    const recordIndex = records.findIndex(record => sizeOf(record) > limit)
    return recordIndex === -1 ? undefined : new LogError('data', 'MESSAGE_TOO_LARGE', { recordIndex })
  }
  return producer
}

function sizeOf ({ key, value, headers }: OutgoingRecord): number {
  return (key?.length ?? 0) + (value?.length ?? 0) + headers.reduce((size, [name, bytes]) => size + name.length + (bytes?.length ?? 0), 0)
}

function text ({ headers }: OutgoingRecord | undefined = { topic: '', key: null, value: null, headers: [] }, name: string): string | undefined {
  const found = headers.find(header => header[0] === name)
  return found === undefined ? undefined : String(found[1])
}

const largest: readonly [what: string, record: Parameters<typeof logRecord>[0], mark: string][] = [
  ['value', { value: Buffer.alloc(1_000_000, 'x') }, 'payload-truncated'],
  ['key', { key: Buffer.alloc(1_000_000, 'k'), value: Buffer.from('{') }, 'key-truncated'],
  ['header', { value: Buffer.from('{'), headers: [['blob', Buffer.alloc(1_000_000)]] }, 'headers-truncated']
]

for (const [what, record, mark] of largest) {
  test(`a dead letter whose ${what} alone fills a record is cut, marked and sent, and the records behind it go on`, async t => {
    const producer = brokerLikeProducer()
    const engine = startEngine(t, { state: openMemoryState(), producer, maxRecordBytes: 900_000 })
    await engine.hold(0)

    engine.feed([logRecord({ offset: 0, ...record }), moveRecord(1)])
    await engine.drained(2)

    const letter = producer.sent.find(({ topic }) => topic === dead.name)
    assert.equal(text(letter, `__millrace.errors.${mark}`), 'true')
    assert.equal(JSON.parse(String(letter?.value)).source_offset, 0)
  })
}

test('one dead letter that its topic finds too large does not cut those of other records', async t => {
  const producer = brokerLikeProducer(12_500)
  const engine = startEngine(t, { state: openMemoryState(), producer, maxRecordBytes: 100_000 })
  await engine.hold(0)

  engine.feed([logRecord({ offset: 0, value: Buffer.alloc(50_000, 'x') }), logRecord({ offset: 1, value: Buffer.alloc(9_000, 'y') })])
  await engine.drained(2)

  const letters = producer.sent.filter(({ topic }) => topic === dead.name).map(({ value }) => JSON.parse(String(value)))
  assert.equal(letters.find(letter => letter.source_offset === 0).payload_truncated, true)
  assert.equal(letters.find(letter => letter.source_offset === 1).payload, 'y'.repeat(9_000))
})

test('a topic that takes no dead letter at all is waited for, not asked without a pause', async t => {
  const producer = brokerLikeProducer(10)
  const engine = startEngine(t, { state: openMemoryState(), producer })
  await engine.hold(0)

  engine.feed([logRecord({ offset: 0 })])
  await engine.until(() => engine.reasons.filter(reason => reason !== undefined).length > 0)
  producer.fail = undefined
  await engine.drained(1)

  assert.deepEqual(producer.sent.map(({ topic }) => topic), [dead.name])
})

test('a dead letter bears the same number when its unit is run again, whatever the record had emitted before it failed', async t => {
  const producer = fakeProducer()
  const engine = startEngine(t, { state: openMemoryState(), producer })
  await engine.hold(0)
  // The first time the unit is not acknowledged, so it is run again, with what was learnt about the record.
  const numbers: (string | undefined)[] = []
  producer.fail = records => {
    numbers.push(text(records.find(({ topic }) => topic === dead.name), 'millrace-source')?.split('#')[1])
    return numbers.length === 1 ? new LogError('outage', 'away') : undefined
  }

  engine.feed([moveRecord(0, { item: 'poison' })])
  await engine.drained(1)

  assert.deepEqual(numbers, ['0', '0'])
})
