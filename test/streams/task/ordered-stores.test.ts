import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMemoryState } from '../../../streams/state/memory-state.ts'
import { StateError } from '../../../streams/state/state.ts'
import type { Topology } from '../../../streams/index.ts'
import { eventOf, fakeProducer } from '../../helpers/producer.ts'
import { buckets } from '../../helpers/stores.ts'
import { faulty, moveRecord, moving, once, startEngine } from '../../helpers/tasks.ts'

/** Keeps the last three records of each partition in a queue, and counts all that were ever in it. */
const queueing: Topology = {
  ...moving,
  stores: [buckets],
  sources: moving.sources.map(source => ({
    ...source,
    open (execution) {
      const queue = execution.writer(buckets)
      return ({ value, timestamp }) => {
        const offset = execution.current()?.offset
        const total = Number(queue.get('total')?.value ?? 0) + 1
        queue.put('total', total, timestamp)
        queue.put(`q${String(offset).padStart(3, '0')}`, JSON.stringify(value).includes('poison') ? { poison: 1n } : total, timestamp)
        let kept = 0
        for (const { key } of queue.range('q', 'r', { reverse: true })) if (++kept > 3) queue.delete(key)
      }
    }
  }))
}

const records = Array.from({ length: 40 }, (_, offset) => moveRecord(offset))

const expected = ['q037 38', 'q038 39', 'q039 40', 'total 40']

for (const [what, faults] of Object.entries({
  nothing: {},
  'an outage of the write': { write: once(() => { throw new StateError('outage', 'away', undefined) }) },
  'a commit that happened and was not answered': { written: once(() => { throw new StateError('unknown', 'cut', undefined) }) }
})) {
  test(`an ordered store is as if records were processed one by one, after ${what}`, async t => {
    const memory = openMemoryState()
    const it = startEngine(t, { topology: queueing, state: faulty(memory, faults), producer: fakeProducer(), maxUnitRecords: 7 })
    await it.hold(0)
    it.feed(records)

    await it.drained(40)

    assert.deepEqual(memory.table(buckets).map(({ key, value }) => `${key} ${value}`), expected)
  })
}

test('after a restart an ordered store goes on from what is stored', async t => {
  const memory = openMemoryState()
  for (const part of [records.slice(0, 23), records.slice(23)]) {
    const it = startEngine(t, { topology: queueing, state: memory, producer: fakeProducer(), maxUnitRecords: 7 })
    await it.hold(0)
    it.feed(part)
    await it.drained((part.at(-1)?.offset ?? 0) + 1)
    it.engine.stop()
    await it.running
  }

  assert.deepEqual(memory.table(buckets).map(({ key, value }) => `${key} ${value}`), expected)
})

test('a value that its serde cannot write is found, and its record dead-lettered alone', async t => {
  const memory = openMemoryState()
  const producer = fakeProducer()
  const it = startEngine(t, { topology: queueing, state: memory, producer, maxUnitRecords: 100 })
  await it.hold(0)
  it.feed(records.with(38, moveRecord(38, { item: 'poison' })))

  await it.drained(40)

  assert.deepEqual(memory.table(buckets).map(({ key, value }) => `${key} ${value}`), ['q036 37', 'q037 38', 'q039 39', 'total 39'])
  assert.deepEqual(producer.sent.filter(({ topic }) => topic === 'dead').map(record => [eventOf(record).source_offset, eventOf(record).error_type]), [[38, 'store']])
})
