import fc from 'fast-check'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeRecords } from '../../../../streams/log/kafka/decode.ts'
import { encodeBatch, sizeOf } from '../../../../streams/log/kafka/encode.ts'
import type { LogHeader, OutgoingRecord } from '../../../../streams/log/log.ts'

const identity = { producerId: 7n, producerEpoch: 0, sequence: 0 }
const where = { topic: 't', partition: 0 }

test('what is encoded is decoded to the same', () => {
  fc.assert(fc.property(fc.array(outgoing(), { minLength: 1, maxLength: 20 }), records => {
    const batches = encodeBatch(records, identity, 5)

    const decoded = decodeRecords({ ...where, offset: 0, abortedTransactions: [], batches })

    assert.deepEqual(decoded.records.map(({ timestamp, key, value, headers }) => ({ timestamp, key, value, headers })), records.map(({ timestamp = 5, key, value, headers }) => ({ timestamp, key, value, headers })))
    assert.equal(decoded.nextOffset, records.length)
  }))
})

test('a record never takes more bytes than was reckoned', () => {
  fc.assert(fc.property(fc.array(outgoing(), { minLength: 1, maxLength: 20 }), records => {
    assert.ok(encodeBatch(records, identity, 5).length <= 61 + records.reduce((size, record) => size + sizeOf(record), 0))
  }))
})

test('records before the asked offset are left out, and a batch that is cut off is left for the next answer', () => {
  const first = batchAt(10, ['a', 'b', 'c'])
  const cut = batchAt(13, ['d']).subarray(0, -1)

  const decoded = decodeRecords({ ...where, offset: 11, abortedTransactions: [], batches: Buffer.concat([first, cut]) })

  assert.deepEqual(decoded.records.map(({ offset, value }) => [offset, value?.toString()]), [[11, 'b'], [12, 'c']])
  assert.equal(decoded.nextOffset, 13)
})

test('of two aborted transactions of one producer both are hidden, and what was committed between them is not', () => {
  const batches = Buffer.concat([
    transactional(batchAt(0, ['a1'])), marker(1, 'abort'),
    transactional(batchAt(2, ['c1'])), marker(3, 'commit'),
    transactional(batchAt(4, ['a2'])), marker(5, 'abort')
  ])

  const decoded = decodeRecords({ ...where, offset: 0, abortedTransactions: [{ producerId: 7, firstOffset: 0 }, { producerId: 7, firstOffset: 4 }], batches })

  assert.deepEqual(decoded.records.map(({ value }) => value?.toString()), ['c1'])
  assert.equal(decoded.nextOffset, 6)
})

test('what a producer writes outside of transactions is not part of an aborted one', () => {
  const batches = Buffer.concat([transactional(batchAt(0, ['a'])), batchAt(1, ['plain'])])

  const decoded = decodeRecords({ ...where, offset: 0, abortedTransactions: [{ producerId: 7, firstOffset: 0 }], batches })

  assert.deepEqual(decoded.records.map(({ value }) => value?.toString()), ['plain'])
})

test('a batch that compaction has emptied is passed over', () => {
  const empty = encodeBatch([], identity, 5)
  empty.writeBigInt64BE(10n, 0)
  // It still spans the offsets of the records that it held.
  empty.writeInt32BE(4, 23)

  const decoded = decodeRecords({ ...where, offset: 10, abortedTransactions: [], batches: Buffer.concat([empty, batchAt(15, ['a'])]) })

  assert.deepEqual(decoded.records.map(({ offset }) => offset), [15])
  assert.equal(decoded.nextOffset, 16)
  assert.equal(decodeRecords({ ...where, offset: 10, abortedTransactions: [], batches: empty }).nextOffset, 15)
})

test('records of an older format are refused with their place', () => {
  const batch = batchAt(4, ['a'])
  batch.writeInt8(1, 16)

  assert.throws(() => decodeRecords({ ...where, offset: 4, abortedTransactions: [], batches: batch }), /format 1 of t\/0 at offset 4/)
})

function outgoing () {
  const bytes = fc.uint8Array({ maxLength: 200 }).map(array => Buffer.from(array))
  const header = fc.tuple(fc.string(), fc.option(bytes)).map((entry): LogHeader => entry)
  return fc.record({
    topic: fc.constant('t'),
    key: fc.option(bytes),
    value: fc.option(bytes),
    headers: fc.array(header, { maxLength: 3 }),
    timestamp: fc.integer({ min: 0, max: 4_000_000_000_000 })
  })
}

function batchAt (offset: number, values: readonly string[]): Buffer {
  const records = values.map((value): OutgoingRecord => ({ topic: 't', key: null, value: Buffer.from(value), headers: [] }))
  const batch = encodeBatch(records, identity, 5)
  batch.writeBigInt64BE(BigInt(offset), 0)
  return batch
}

function transactional (batch: Buffer): Buffer {
  batch.writeInt16BE(0x10, 21)
  return batch
}

function marker (offset: number, outcome: 'abort' | 'commit'): Buffer {
  const key = Buffer.from([0, 0, 0, outcome === 'abort' ? 0 : 1])
  const batch = encodeBatch([{ topic: 't', key, value: Buffer.alloc(6), headers: [] }], identity, 5)
  batch.writeBigInt64BE(BigInt(offset), 0)
  batch.writeInt16BE(0x30, 21)
  return batch
}
