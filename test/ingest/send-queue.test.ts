import assert from 'node:assert/strict'
import test from 'node:test'
import { openSendQueue } from '../../ingest/send-queue.ts'
import { LogError, type LogProducer, type OutgoingRecord } from '../../streams/index.ts'
import { fakeProducer } from '../helpers/producer.ts'

function record (name: string): OutgoingRecord {
  return { topic: 't', key: null, value: Buffer.from(name), headers: [] }
}

function isOutage (error: unknown): boolean {
  return error instanceof LogError && error.kind === 'outage'
}

test('concurrent requests share a send, in the order they came', async () => {
  const producer = fakeProducer()
  const queue = openSendQueue(producer)
  const names = Array.from({ length: 50 }, (_, index) => String(index))

  await Promise.all(names.map(async name => await queue.send([record(name)])))

  assert.deepEqual(producer.calls, [50])
  assert.deepEqual(producer.sent.map(({ value }) => String(value)), names)
  assert.equal(queue.size(), 0)
})

test('a send is bounded by records and by bytes', async () => {
  const producer = fakeProducer()
  const queue = openSendQueue(producer, { batchRecords: 3, batchBytes: 10 })

  await Promise.all([queue.send(['1', '2', '3', '4'].map(record)), queue.send([record('x'.repeat(9)), record('y'.repeat(20)), record('z')])])

  assert.deepEqual(producer.calls, [3, 2, 1, 1])
})

test('a record that is refused for good is found though the producer does not name it, and the others are sent', async () => {
  const producer = fakeProducer()
  producer.fail = records => records.some(({ value }) => String(value) === 'bad') ? new LogError('data', 'refused') : undefined
  const queue = openSendQueue(producer)

  const [refusals, others] = await Promise.all([queue.send(['a', 'bad', 'b'].map(record)), queue.send([record('c')])])

  assert.deepEqual(refusals.map(({ index, error }) => [index, error.message]), [[1, 'refused']])
  assert.deepEqual(others, [])
  assert.deepEqual(producer.sent.map(({ value }) => String(value)), ['a', 'b', 'c'])
  assert.equal(queue.size(), 0)
})

test('a full queue refuses, and takes again when there is room', async () => {
  const producer = fakeProducer()
  const queue = openSendQueue(producer, { maxRecords: 2 })
  const first = queue.send(['a', 'b'].map(record))

  await assert.rejects(queue.send([record('c')]), isOutage)
  await first
  assert.deepEqual(await queue.send([record('c')]), [])
})

test('a caller waits no longer than the deadline, and what nobody waits for is not sent', async () => {
  const gate = Promise.withResolvers<void>()
  const sent: string[] = []
  const producer: LogProducer = {
    send: async records => {
      await gate.promise
      sent.push(...records.map(({ value }) => String(value)))
    },
    close: async () => {}
  }
  const queue = openSendQueue(producer, { batchRecords: 1, timeoutMs: 20 })

  await Promise.all(['under way', 'waiting'].map(async name => await assert.rejects(queue.send([record(name)]), isOutage)))
  gate.resolve()
  await queue.close()

  assert.deepEqual(sent, ['under way'])
  assert.equal(queue.size(), 0)
})

test('an outage fails everybody in the send, whatever the producer throws', async () => {
  const producer = fakeProducer()
  const queue = openSendQueue({ ...producer, send: async () => { throw new TypeError('broken') } })

  await Promise.all([assert.rejects(queue.send([record('a')]), isOutage), assert.rejects(queue.send([record('b')]), isOutage)])

  assert.equal(queue.outage()?.kind, 'outage')
  assert.equal(queue.size(), 0)
})

test('a closed queue takes nothing, and has settled what it took', async () => {
  const producer = fakeProducer()
  const queue = openSendQueue(producer)
  const taken = queue.send([record('a')])

  await queue.close()

  assert.equal(producer.sent.length, 1)
  assert.deepEqual(await taken, [])
  await assert.rejects(queue.send([record('b')]), isOutage)
})
