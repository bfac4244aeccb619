import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMemoryState, type MemoryState } from '../../../streams/state/memory-state.ts'
import { StateError } from '../../../streams/state/state.ts'
import type { Topology } from '../../../streams/index.ts'
import { fakeProducer } from '../../helpers/producer.ts'
import { buckets } from '../../helpers/stores.ts'
import { faulty, logRecord, moveRecord, moving, once, startEngine, type Faults } from '../../helpers/tasks.ts'

/**
 * Counts its records in a time of its task, keeps the largest item in another, and writes both under the record's offset,
 * with the stream time; on the item 'poison' it fails behind all that.
 */
const timed: Topology = {
  ...moving,
  stores: [buckets],
  sources: moving.sources.map(source => ({
    ...source,
    open (execution) {
      const counted = execution.time('counted')
      const largest = execution.time('largest')
      const writer = execution.writer(buckets)
      return ({ value }) => {
        const offset = execution.current()?.offset ?? -1
        counted.set(counted.get() + 1)
        if (offset > largest.get()) largest.set(offset)
        writer.put(String(offset), `${counted.get()} ${largest.get()} ${execution.streamTime() - START}`, 0)
        writer.get(`missing at ${Math.floor(offset / 2)}`)
        if (JSON.stringify(value).includes('poison')) throw new Error('cannot swallow this')
      }
    }
  }))
}

const START = 1_700_000_000_000

/** Their timestamps: 0, 2, 1, 3, … behind the start. */
const eight = [0, 2, 1, 3, 4, 6, 5, 7].map((late, offset) => moveRecord(offset, {}, { timestamp: START + late }))

const seen = (memory: MemoryState): unknown[] => memory.table(buckets).map(({ key, value }) => `${key}: ${value}`)

const expected = ['0: "0 0 0"', '1: "1 1 2"', '2: "2 2 2"', '3: "3 3 3"', '4: "4 4 4"', '5: "5 5 6"', '6: "6 6 6"', '7: "7 7 7"']

const inUnitsOfThree = { topology: timed, producer: fakeProducer(), maxUnitRecords: 3 }

test('times and stream time are those that the records before have left, also in units that are not committed yet', async t => {
  const memory = openMemoryState()
  const it = startEngine(t, { ...inUnitsOfThree, state: memory })
  await it.hold(0)
  it.feed(eight)

  await it.drained(8)

  assert.deepEqual(seen(memory), expected)
  assert.deepEqual(it.commits.map(({ positions }) => positions[0]?.times), [{ counted: 2, largest: 2 }, { counted: 5, largest: 5 }, { counted: 7, largest: 7 }])
})

test('times survive a restart, and each task has its own', async t => {
  const memory = openMemoryState()
  const first = startEngine(t, { ...inUnitsOfThree, state: memory })
  await first.hold(0)
  first.feed(eight.slice(0, 5))
  await first.drained(5)
  first.engine.stop()
  await first.running

  const second = startEngine(t, { ...inUnitsOfThree, state: memory })
  await second.hold(0, 1)
  second.feed([...eight.slice(5), logRecord({ partition: 1, timestamp: START })])
  await second.drained(8)
  await second.drained(1, 1)

  assert.deepEqual(memory.table(buckets).filter(({ partition }) => partition === 0).map(({ key, value }) => `${key}: ${value}`), expected)
  assert.deepEqual(memory.table(buckets).filter(({ partition }) => partition === 1).map(({ value }) => value), ['"0 0 0"'])
})

test('a record that fails takes what it set back with it', async t => {
  const memory = openMemoryState()
  const it = startEngine(t, { ...inUnitsOfThree, state: memory })
  await it.hold(0)
  it.feed([moveRecord(0), moveRecord(1, { item: 'poison' }), moveRecord(2)])

  await it.drained(3)

  assert.deepEqual(seen(memory), ['0: "0 0 0"', '2: "1 2 2"'])
})

for (const [what, faults] of Object.entries<() => Faults>({
  'an outage of the claim': () => ({ claim: once(() => { throw new StateError('outage', 'away', undefined) }) }),
  'an outage of the write': () => ({ write: once(() => { throw new StateError('outage', 'away', undefined) }) }),
  'a value that cannot be stored, found by halves': () => ({ write: once(() => { throw new StateError('data', 'too long', undefined) }) }),
  'a commit that happened and was not answered': () => ({ written: once(() => { throw new StateError('unknown', 'cut', undefined) }) }),
  'a question that was not answered': () => ({ load: once(() => { throw new StateError('outage', 'away', undefined) }) })
})) {
  test(`times are right again after ${what}`, async t => {
    const memory = openMemoryState()
    const it = startEngine(t, { ...inUnitsOfThree, state: faulty(memory, faults()) })
    await it.hold(0)
    it.feed(eight)

    await it.drained(8)

    assert.deepEqual(seen(memory), expected)
    assert.deepEqual((await memory.positions([{ subTopology: 'moves', partition: 0 }]))[0]?.times, { counted: 7, largest: 7 })
  })
}

test('times of a task that was lost and taken over anew are those that were committed', async t => {
  const memory = openMemoryState()
  const zombie = startEngine(t, { ...inUnitsOfThree, state: memory })
  await zombie.hold(0)
  zombie.feed(eight.slice(0, 4))
  await zombie.drained(4)
  await memory.takeOver([{ subTopology: 'moves', partition: 0, offsets: {} }])
  zombie.feed(eight.slice(4))
  await zombie.until(() => zombie.lost.length === 1)
  await zombie.hold(0)
  zombie.feed(eight.slice(4))

  await zombie.drained(8)

  assert.deepEqual(seen(memory), expected)
})

test('a time that this version of the topology does not know is kept for the one that does', async t => {
  const memory = openMemoryState()
  const [position] = await memory.takeOver([{ subTopology: 'moves', partition: 0, offsets: { moves: 0 } }])
  assert.ok(position)
  const unit = await memory.begin()
  await unit.claim([{ ...position, times: { other: 5 } }], [])
  await unit.write([], [])
  const it = startEngine(t, { ...inUnitsOfThree, state: memory })
  await it.hold(0)
  it.feed(eight)

  await it.drained(8)

  assert.deepEqual(it.commits.at(-1)?.positions[0]?.times, { other: 5, counted: 7, largest: 7 })
})
