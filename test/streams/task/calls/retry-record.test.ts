import assert from 'node:assert/strict'
import { test } from 'node:test'
import { restoredRecord, retryHeaders, retryOf } from '../../../../streams/task/calls/retry-record.ts'
import { PartitionQueue } from '../../../../streams/task/partition-queue.ts'
import { UnitGate } from '../../../../streams/task/unit-gate.ts'
import { UnitLedger } from '../../../../streams/task/unit-ledger.ts'
import { unitHeader } from '../../../../streams/task/unit-stamp.ts'
import { openMemoryState } from '../../../../streams/state/memory-state.ts'
import type { LogRecord } from '../../../../streams/log/log.ts'

const original: LogRecord = { topic: 'orders', partition: 3, offset: 42, timestamp: 1_700_000_000_000, key: Buffer.from('k'), value: Buffer.from('v'), headers: [['traceparent', Buffer.from('00-a-b-01')], ['kafka_original-topic', Buffer.from('of the producer')]] }
const retry = { attempts: 2, firstFailedAtMs: 1_700_000_000_500, dueAtMs: 1_700_000_300_000, heldUntilMs: 1_700_000_300_000 }

/** As a unit writes it to its retry topic. */
function inRetryTopic (state: { readonly generation: string }): LogRecord {
  const headers = retryHeaders(original, retry, { applicationId: 'app', origin: 'app/orders/3/orders-3@42', error: new Error('busy') })
  return { ...original, topic: 'app-send.retry.5m', offset: 7, headers: [...headers, unitHeader({ generation: state.generation, subTopology: 'orders', partition: 3, epoch: 1, unit: 1, attempt: 0 })] }
}

test('a record comes back from a retry topic as it was, with its own coordinates and headers', () => {
  const record = inRetryTopic({ generation: '00000000-0000-0000-0000-000000000000' })
  const known = retryOf(record)
  assert.ok(known)
  assert.deepEqual([known.attempts, known.firstFailedAtMs, known.dueAtMs], [2, retry.firstFailedAtMs, retry.dueAtMs])
  assert.deepEqual(restoredRecord(record, known), original)
})

test('what Spring\'s tools read of a retry is in its headers, in Spring\'s bytes', () => {
  const { headers } = inRetryTopic({ generation: '00000000-0000-0000-0000-000000000000' })
  const last = (name: string): Buffer | null | undefined => headers.findLast(([each]) => each === name)?.[1]
  assert.equal(last('kafka_original-topic')?.toString(), 'orders')
  assert.equal(last('kafka_original-partition')?.readInt32BE(), 3)
  assert.equal(last('kafka_original-offset')?.readBigInt64BE(), 42n)
  assert.equal(last('retry_topic-attempts')?.readInt32BE(), 3)
  assert.equal(last('retry_topic-backoff-timestamp')?.toString('hex'), BigInt(retry.dueAtMs).toString(16).padStart(12, '0'))
  assert.equal(last('kafka_exception-message')?.toString(), 'busy')
})

test('a record whose header is spoilt is no retry', () => {
  const record = inRetryTopic({ generation: '00000000-0000-0000-0000-000000000000' })
  for (const spoilt of ['{}', '{"attempts":-1}', 'no JSON', '']) {
    const headers = record.headers.map(([name, value]) => [name, name === 'millrace-retry' ? Buffer.from(spoilt) : value] as const)
    assert.equal(retryOf({ ...record, headers }), undefined, spoilt)
  }
})

test('a retry topic is held back until its first record is due, and its queue says until when', async () => {
  let now = retry.dueAtMs - 1
  const state = openMemoryState()
  const [position] = await state.takeOver([{ subTopology: 'orders', partition: 3, offsets: {}, writesInternal: true }])
  assert.ok(position)
  const unit = await state.begin()
  await unit.claim([position], [])
  await unit.write([], [])
  const ledger = new UnitLedger({ state, learned: () => {} })
  const queue = new PartitionQueue('app-send.retry.5m', 3, 7, 1, new UnitGate(ledger, () => now))
  queue.offer({ topic: 'app-send.retry.5m', partition: 3, epoch: 1, askedOffset: 7, records: [inRetryTopic(state)], nextOffset: 8, endOffset: 8 })
  queue.peek()
  await ledger.answered()

  assert.equal(queue.peek(), undefined)
  assert.equal(queue.heldUntilMs, retry.dueAtMs)
  now++
  assert.equal(queue.heldUntilMs, undefined)
  assert.deepEqual(queue.take()?.record, original)
  await ledger.close()
})
