import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FetchedBatch } from '../../../streams/log/log.ts'
import { PartitionQueue } from '../../../streams/task/partition-queue.ts'
import { logRecord } from '../../helpers/tasks.ts'

const EPOCH = 4

const queueAt = (offset: number): PartitionQueue => new PartitionQueue('moves', 0, offset, EPOCH)

interface Answer {
  readonly nextOffset?: number
  readonly endOffset?: number
  readonly epoch?: number
  readonly bytes?: number
}

function batch (askedOffset: number, offsets: readonly number[], { nextOffset, endOffset, epoch = EPOCH, bytes = 1 }: Answer = {}): FetchedBatch {
  const next = nextOffset ?? (offsets.at(-1) ?? askedOffset - 1) + 1
  const records = offsets.map(offset => logRecord({ offset, value: Buffer.alloc(bytes) }))
  return { topic: 'moves', partition: 0, epoch, askedOffset, records, nextOffset: next, endOffset: endOffset ?? next }
}

test('records come out in the order they went in, each with where to go on after it', () => {
  const queue = queueAt(5)
  queue.offer(batch(5, [5, 7]))
  queue.offer(batch(8, [8]))

  assert.deepEqual([queue.take(), queue.take(), queue.take(), queue.take()].map(taken => taken && [taken.record.offset, taken.nextOffset]), [[5, 6], [7, 8], [8, 9], undefined])
})

test('behind the last record it goes on past what the log holds and does not show', () => {
  const queue = queueAt(5)
  queue.offer(batch(5, [5, 6], { nextOffset: 20 }))
  queue.take()

  assert.equal(queue.take()?.nextOffset, 20)
  assert.equal(queue.wanted()?.offset, 20)
})

test('an answer to a question no longer asked is thrown away', () => {
  const queue = queueAt(5)

  assert.equal(queue.offer(batch(5, [5], { epoch: EPOCH - 1 })), false)
  assert.equal(queue.offer(batch(4, [4, 5])), false)
  assert.equal(queue.offer(batch(5, [5])), true)
  assert.equal(queue.offer(batch(5, [5])), false)

  assert.equal(queue.length, 1)
})

test('a queue with enough records or bytes asks for no more until some are taken', () => {
  const many = queueAt(0)
  many.offer(batch(0, Array.from({ length: 4_000 }, (_, offset) => offset)))
  const heavy = queueAt(0)
  heavy.offer(batch(0, [0, 1], { bytes: 2_000_000 }))

  assert.deepEqual([many.wanted(), heavy.wanted()], [undefined, undefined])
  many.take()
  heavy.take()

  assert.deepEqual([many.wanted()?.offset, heavy.wanted()?.offset], [4_000, 2])
})

test('a record larger than the whole bound still comes through', () => {
  const queue = queueAt(0)
  queue.offer(batch(0, [0], { bytes: 5_000_000 }))
  assert.equal(queue.wanted(), undefined)

  assert.equal(queue.take()?.record.offset, 0)

  assert.equal(queue.wanted()?.offset, 1)
})

test('an empty queue must be waited for until the broker has said that there is no more', () => {
  const queue = queueAt(5)
  assert.equal(queue.mustWait(), true)

  queue.offer(batch(5, [5], { endOffset: 8 }))
  assert.equal(queue.mustWait(), false)
  queue.take()
  assert.equal(queue.mustWait(), true)
  queue.offer(batch(6, [], { nextOffset: 8 }))

  assert.equal(queue.mustWait(), false)
})

test('a queue that is never empty does not lose or repeat records', () => {
  const queue = queueAt(0)
  const taken: number[] = []
  let next = 0
  for (let round = 0; round < 60; round++) {
    queue.offer(batch(next, Array.from({ length: 200 }, (_, index) => next + index)))
    next += 200
    while (queue.length > 1) taken.push(queue.take()?.record.offset ?? -1)
  }

  assert.deepEqual(taken, Array.from({ length: next - 1 }, (_, offset) => offset))
})
