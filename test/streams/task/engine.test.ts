import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LogError, type LogProducer, type OutgoingRecord } from '../../../streams/index.ts'
import { openMemoryState, type MemoryState } from '../../../streams/state/memory-state.ts'
import { StateError } from '../../../streams/state/state.ts'
import { eventLog } from '../../../stores/event-log.ts'
import { itemPopularity } from '../../../stores/item-popularity.ts'
import { userHistory } from '../../../stores/user-history.ts'
import { profiles } from '../../helpers/stores.ts'
import { eventOf, fakeProducer } from '../../helpers/producer.ts'
import { faulty, moveRecord, once, startEngine, type Faults } from '../../helpers/tasks.ts'
import { claimUnit } from '../../helpers/units.ts'

const outage = () => { throw new StateError('outage', 'the database is away', undefined) }

/** The world after `count` moves of user u, each on an item of its own: nothing lost, nothing twice, in order. */
function assertCountedOnce (memory: MemoryState, count: number): void {
  const ids = Array.from({ length: count }, (_, offset) => offset)
  assert.deepEqual(memory.table(eventLog).map(({ event_id }) => event_id).sort(), ids.map(id => `e${id}`).sort())
  assert.deepEqual(memory.table(itemPopularity).map(({ item_id, score }) => `${item_id} ${score}`).sort(), ids.map(id => `i${id} 1`).sort())
  assert.deepEqual(memory.table(userHistory).map(({ item_id, pos }) => `${pos} ${item_id}`), ids.slice(-3).reverse().map(id => `${id + 1} i${id}`))
  assert.deepEqual(memory.table(profiles).map(({ value }) => value), [String(count)])
}

const tenMoves = Array.from({ length: 10 }, (_, offset) => moveRecord(offset))

/** Two units of three records are under way at once: the one being committed, and the one prepared on top of it. */
const inUnitsOfThree = { maxUnitRecords: 3 }

function items (records: readonly OutgoingRecord[]): string[] {
  return records.map(record => String(eventOf(record).item))
}

const expectedItems = tenMoves.map((_, offset) => `${offset === 0 ? 'none' : `i${offset - 1}`}>i${offset}#${offset + 1}`)

test('records are processed in order, in units one behind the other', async t => {
  const memory = openMemoryState()
  const producer = fakeProducer()
  const it = startEngine(t, { state: memory, producer, ...inUnitsOfThree })
  await it.hold(0)
  it.feed(tenMoves)

  await it.drained(10)

  assertCountedOnce(memory, 10)
  assert.deepEqual(items(producer.sent), expectedItems)
  assert.deepEqual(it.commits.map(({ positions }) => positions[0]?.offsets.moves), [3, 6, 9, 10])
  assert.equal(it.reasons.filter(reason => reason !== undefined).length, 0)
})

test('a position moves on over what the log holds and does not show, with records of other partitions and without', async t => {
  const memory = openMemoryState()
  const it = startEngine(t, { state: memory, producer: fakeProducer() })
  await it.hold(0, 1)
  const pass = (partition: number, nextOffset: number): void => {
    const [asked] = it.engine.wanted().filter(position => position.partition === partition)
    assert.ok(asked)
    it.engine.deliver({ ...asked, askedOffset: asked.offset, records: [], nextOffset, endOffset: nextOffset })
  }

  it.feed(tenMoves)
  pass(1, 4)
  await it.drained(10)
  await it.drained(4, 1)
  pass(0, 12)
  await it.drained(12)

  assertCountedOnce(memory, 10)
  assert.deepEqual(it.engine.tasks.map(task => task.lagOf('moves')), [0, 0])
})

test('no position moves on over records that are to be run again', async t => {
  const memory = openMemoryState()
  let refusals = 0
  const refuse: Faults = {
    write (writes) {
      if (writes.some(write => write.kind === 'counter' && write.amounts.has('i6')) && refusals++ < 5) throw new StateError('data', 'value too long', undefined)
    }
  }
  const it = startEngine(t, { state: faulty(memory, refuse), producer: fakeProducer() })
  await it.hold(0)
  it.feed(tenMoves)
  const [asked] = it.engine.wanted()
  assert.ok(asked)
  it.engine.deliver({ ...asked, askedOffset: 10, records: [], nextOffset: 12, endOffset: 12 })

  await it.drained(12)

  assert.deepEqual(it.commits.map(commit => commit.positions[0]?.offsets['moves']), [5, 6, 7, 8, 12])
  assert.equal(memory.table(eventLog).length, 9)
})

test('an event that came twice is counted once, in one unit and in two', async t => {
  const memory = openMemoryState()
  const it = startEngine(t, { state: memory, producer: fakeProducer(), maxUnitRecords: 2 })
  await it.hold(0)
  it.feed([moveRecord(0), moveRecord(1, { id: 'e0', item: 'i0' }), moveRecord(2, { id: 'e0', item: 'i0' }), moveRecord(3, { id: 'e0', item: 'i0' })])

  await it.drained(4)

  assertCountedOnce(memory, 1)
})

test('a row that somebody else wrote meanwhile makes the unit run again, with that row known', async t => {
  const memory = openMemoryState()
  const elsewhere = once(async () => {
    const other = await memory.begin()
    await claimUnit(other, [], [{ kind: 'rows', store: eventLog, rows: new Map([['e1', { event_id: 'e1' }]]), decided: [] }])
    await other.write([], [])
  })
  const producer = fakeProducer()
  const it = startEngine(t, { state: faulty(memory, { begin: elsewhere }), producer, ...inUnitsOfThree })
  await it.hold(0)
  it.feed(tenMoves)

  await it.drained(10)

  assert.equal(memory.table(eventLog).length, 10)
  assert.deepEqual(memory.table(itemPopularity).map(({ item_id }) => item_id).sort(), ['i0', 'i2', 'i3', 'i4', 'i5', 'i6', 'i7', 'i8', 'i9'])
  assert.equal(producer.sent.length, 9)
})

test('a list and a value that somebody else moved on meanwhile are read again', async t => {
  const memory = openMemoryState()
  const elsewhere = once(async () => {
    const other = await memory.begin()
    await claimUnit(other, [], [])
    await other.write([
      { kind: 'list', store: userHistory, changes: new Map([['u', { expected: 0, held: 0, value: { newest: 7, entries: [{ item_id: 'x', ts: 0 }] } }]]) },
      { kind: 'keyed', store: profiles, changes: new Map([['u', { expected: 0, value: 100 }]]) }
    ], [])
  })
  const producer = fakeProducer()
  const it = startEngine(t, { state: faulty(memory, { write: elsewhere }), producer, ...inUnitsOfThree })
  await it.hold(0)
  it.feed(tenMoves)

  await it.drained(10)

  assert.deepEqual(memory.table(userHistory).map(({ pos }) => pos), [17, 16, 15])
  assert.deepEqual(memory.table(profiles).map(({ value }) => value), ['110'])
  assert.equal(memory.table(itemPopularity).length, 10)
  // The first unit was sent before its conflict was found: its first record says something else now, so all are sent again.
  assert.deepEqual(items(producer.sent.slice(-10))[0], 'x>i0#101')
})

for (const step of ['load', 'begin', 'claim', 'write'] as const) {
  test(`an outage at '${step}' delays, and loses, repeats or dead-letters nothing`, async t => {
    const memory = openMemoryState()
    const producer = fakeProducer()
    let failures = 0
    const faults: Faults = { [step]: () => { if (failures++ < 3) outage() } }
    const it = startEngine(t, { state: faulty(memory, faults), producer, ...inUnitsOfThree })
    await it.hold(0)
    it.feed(tenMoves)

    await it.drained(10)

    assertCountedOnce(memory, 10)
    assert.deepEqual(items(producer.sent), expectedItems)
    assert.ok(it.reasons.some(reason => reason?.includes('the database is away')))
    assert.equal(it.reasons.at(-1), undefined)
  })
}

test('an outage of the log delays, and what it did not acknowledge is sent again', async t => {
  const memory = openMemoryState()
  const producer = fakeProducer()
  let failures = 0
  producer.fail = () => failures++ < 3 ? new LogError('outage', 'no leader') : undefined
  const it = startEngine(t, { state: memory, producer, ...inUnitsOfThree })
  await it.hold(0)
  it.feed(tenMoves)

  await it.drained(10)

  assertCountedOnce(memory, 10)
  assert.deepEqual(items(producer.sent), expectedItems)
})

test('of a unit that cannot be stored only the record that is to blame goes to the dead letters', async t => {
  const memory = openMemoryState()
  const producer = fakeProducer()
  const refuse: Faults = {
    write (writes) {
      if (writes.some(write => write.kind === 'counter' && write.amounts.has('i6'))) throw new StateError('data', 'value too long', undefined)
    }
  }
  const it = startEngine(t, { state: faulty(memory, refuse), producer, maxUnitRecords: 8 })
  await it.hold(0)
  it.feed(tenMoves)

  await it.drained(10)

  assert.deepEqual(memory.table(itemPopularity).map(({ item_id, score }) => `${item_id} ${score}`).sort(), ['i0 1', 'i1 1', 'i2 1', 'i3 1', 'i4 1', 'i5 1', 'i7 1', 'i8 1', 'i9 1'])
  const letters = producer.sent.filter(({ topic }) => topic === 'dead').map(record => eventOf(record))
  assert.deepEqual(letters.map(({ source_offset, error_type }) => [source_offset, error_type]), [[6, 'store']])
})

test('a question that cannot be asked is found and dead-lettered like a value that cannot be stored', async t => {
  const memory = openMemoryState()
  const producer = fakeProducer()
  const state = {
    ...memory,
    load: async (wanted: Parameters<typeof memory.load>[0]) => {
      if (wanted.some(({ keys }) => keys.some(key => key === 'user-6'))) throw new StateError('data', 'no such text', undefined)
      return await memory.load(wanted)
    }
  }
  const it = startEngine(t, { state, producer, maxUnitRecords: 8 })
  await it.hold(0)
  it.feed(Array.from({ length: 10 }, (_, offset) => moveRecord(offset, { user: `user-${offset}` })))

  await it.drained(10)

  assert.equal(memory.table(eventLog).length, 9)
  assert.deepEqual(producer.sent.filter(({ topic }) => topic === 'dead').map(record => eventOf(record).source_offset), [6])
})

test('a record that can never be sent goes to the dead letters, and leaves nothing else', async t => {
  const memory = openMemoryState()
  const producer = fakeProducer()
  producer.fail = records => {
    const recordIndex = records.findIndex(record => record.topic === 'seen' && String(record.value).includes('>i4#'))
    return recordIndex === -1 ? undefined : new LogError('data', 'too large', { recordIndex })
  }
  const it = startEngine(t, { state: memory, producer, ...inUnitsOfThree })
  await it.hold(0)
  it.feed(tenMoves)

  await it.drained(10)

  assert.equal(memory.table(eventLog).some(({ event_id }) => event_id === 'e4'), false)
  assert.deepEqual(producer.sent.filter(({ topic }) => topic === 'dead').map(record => [eventOf(record).source_offset, eventOf(record).error_type]), [[4, 'sink']])
  assert.deepEqual(memory.table(profiles).map(({ value }) => value), ['9'])
})

test('a dead letter too large for its topic is cut until it fits', async t => {
  const memory = openMemoryState()
  const producer = fakeProducer()
  producer.fail = records => {
    const recordIndex = records.findIndex(({ value }) => (value?.length ?? 0) > 5_000)
    return recordIndex === -1 ? undefined : new LogError('data', 'too large', { recordIndex })
  }
  const it = startEngine(t, { state: memory, producer })
  await it.hold(0)
  it.feed([moveRecord(0, {}, { value: Buffer.from('x'.repeat(50_000)) })])

  await it.drained(1)

  assert.equal(eventOf(producer.sent[0]).payload_truncated, true)
})

test('a task that another has taken over is dropped and reported; what it had at hand is not processed here', async t => {
  const memory = openMemoryState()
  const it = startEngine(t, { state: memory, producer: fakeProducer(), ...inUnitsOfThree })
  await it.hold(0)
  await memory.takeOver([{ subTopology: 'moves', partition: 0, offsets: {} }])
  it.feed(tenMoves)

  await it.until(() => it.lost.length > 0)

  assert.deepEqual(it.lost.map(tasks => tasks.map(({ partition }) => partition)), [[0]])
  assert.deepEqual(it.engine.tasks, [])
  assert.deepEqual([memory.table(eventLog), it.engine.wanted()], [[], []])
})

test('the tasks that stay lose nothing when another is taken away, however units mix them', async t => {
  for (const maxUnitRecords of [1, 2, 3, 5, 50]) {
    const memory = openMemoryState()
    const producer = fakeProducer()
    let claims = 0
    const elsewhere = async (): Promise<void> => { if (++claims === 2) await memory.takeOver([{ subTopology: 'moves', partition: 1, offsets: {} }]) }
    const it = startEngine(t, { state: faulty(memory, { claim: elsewhere }), producer, maxUnitRecords })
    await it.hold(0, 1)
    it.feed(Array.from({ length: 10 }, (_, offset) => moveRecord(offset, { id: `other${offset}`, user: 'v', item: 'other' }, { partition: 1 })))
    it.feed(tenMoves)

    await it.drained(10)

    const mine = memory.table(eventLog).filter(({ event_id }) => String(event_id).startsWith('e'))
    assert.equal(mine.length, 10, `units of ${maxUnitRecords}`)
    assert.deepEqual(items(producer.sent).filter(item => !item.includes('other')).filter((item, index, all) => all.indexOf(item) === index), expectedItems)
    assert.equal(memory.table(profiles).find(({ key }) => key === 'u')?.value, '10')
  }
})

test('what was prepared on top of a unit that was lost as a whole is prepared again', async t => {
  const memory = openMemoryState()
  const elsewhere = once(async () => {
    // Fed at once, so that the next unit is prepared while this one is being claimed.
    it.feed(tenMoves)
    await memory.takeOver([{ subTopology: 'moves', partition: 1, offsets: {} }])
  })
  const it = startEngine(t, { state: faulty(memory, { begin: elsewhere }), producer: fakeProducer(), ...inUnitsOfThree })
  await it.hold(0, 1)
  it.feed([moveRecord(0, { id: 'other', user: 'v', item: 'other' }, { partition: 1 })])

  await it.drained(10)

  assert.deepEqual(it.lost.map(tasks => tasks.map(({ partition }) => partition)), [[1]])
  assertCountedOnce(memory, 10)
})

for (const happened of [true, false]) {
  test(`a commit that was not answered and ${happened ? 'happened' : 'did not happen'} is settled: every record counts once`, async t => {
    const memory = openMemoryState()
    const producer = fakeProducer()
    let writes = 0
    const silence = (): void => { if (++writes === 2) throw new StateError('unknown', 'no answer', undefined) }
    const it = startEngine(t, { state: faulty(memory, happened ? { written: silence } : { write: silence }), producer, ...inUnitsOfThree })
    await it.hold(0)
    it.feed(tenMoves)

    await it.drained(10)

    assertCountedOnce(memory, 10)
    assert.deepEqual(items(producer.sent), expectedItems)
    assert.equal(it.reasons.at(-1), undefined)
  })
}

test('while the outcome of a commit cannot be looked up, the engine asks again', async t => {
  const memory = openMemoryState()
  let asked = 0
  const it = startEngine(t, {
    state: faulty(memory, { written: once(() => { throw new StateError('unknown', 'no answer', undefined) }), positions: () => { if (asked++ < 2) outage() } }),
    producer: fakeProducer(),
    ...inUnitsOfThree
  })
  await it.hold(0)
  it.feed(tenMoves)

  await it.drained(10)

  assert.equal(asked, 3)
  assertCountedOnce(memory, 10)
})

test('the last commit of all, answered or not, ends the waiting', async t => {
  const memory = openMemoryState()
  const it = startEngine(t, { state: faulty(memory, { written: once(() => { throw new StateError('unknown', 'no answer', undefined) }) }), producer: fakeProducer() })
  await it.hold(0)
  it.feed(tenMoves)

  await it.until(() => it.reasons.length > 1)

  assert.equal(it.reasons.at(-1), undefined)
  assert.equal(it.engine.tasks[0]?.position.offsets.moves, 10)
})

test('what the log acknowledges late is not sent again, and the unit is committed without it', async t => {
  const memory = openMemoryState()
  const producer = fakeProducer()
  const late: LogProducer = {
    ...producer,
    async send (records) {
      await new Promise(resolve => setTimeout(resolve, 40))
      await producer.send(records)
    }
  }
  const it = startEngine(t, { state: memory, producer: late, acknowledgeWithinMs: 10, ...inUnitsOfThree })
  await it.hold(0)
  it.feed(tenMoves)

  await it.drained(10)

  assertCountedOnce(memory, 10)
  assert.deepEqual(items(producer.sent), expectedItems)
  assert.ok(it.reasons.some(reason => reason?.startsWith('no acknowledgement within 10 ms')))
  assert.deepEqual(it.pauses.list(), [])
})

test('whoever loses what it waited with does not wait any more', async t => {
  const it = startEngine(t, { state: faulty(openMemoryState(), { claim: outage }), producer: fakeProducer() })
  await it.hold(0)
  it.feed(tenMoves)
  await it.until(() => it.pauses.of('postgres') !== undefined)
  assert.ok((it.engine.trouble?.attempts ?? 0) > 0)

  await it.engine.pause()
  it.engine.resume([])

  assert.deepEqual(it.pauses.list(), [])
  assert.equal(it.engine.trouble, undefined)
})

test('a task taken over during a commit without an answer is given up, and what happened is not done again', async t => {
  const memory = openMemoryState()
  const it = startEngine(t, {
    state: faulty(memory, {
      written: once(() => { throw new StateError('unknown', 'no answer', undefined) }),
      positions: once(async () => { await memory.takeOver([{ subTopology: 'moves', partition: 0, offsets: {} }]) })
    }),
    producer: fakeProducer(),
    ...inUnitsOfThree
  })
  await it.hold(0)
  it.feed(tenMoves)

  await it.until(() => it.lost.length > 0)

  assert.deepEqual(it.engine.tasks, [])
  assertCountedOnce(memory, 3)
})

test('pause ends with the unit in flight committed, and nothing is taken until resume', async t => {
  const memory = openMemoryState()
  const it = startEngine(t, { state: memory, producer: fakeProducer(), ...inUnitsOfThree })
  await it.hold(0)
  it.feed(tenMoves)

  await it.engine.pause()
  const paused = memory.table(eventLog).length
  assert.deepEqual(it.engine.wanted(), [])
  assert.equal(it.engine.tasks[0]?.position.offsets.moves ?? 0, paused)
  it.engine.resume(it.engine.tasks)

  await it.drained(10)
  assertCountedOnce(memory, 10)
})

test('an error that a human must mend ends the loop with it', async t => {
  const memory = openMemoryState()
  const it = startEngine(t, { state: faulty(memory, { write: () => { throw new StateError('fatal', 'the table is gone', undefined) } }), producer: fakeProducer() })
  await it.hold(0)
  it.feed(tenMoves)

  await assert.rejects(it.running, { message: 'the table is gone' })
})

test('stop lets the unit in flight finish', async t => {
  const memory = openMemoryState()
  const it = startEngine(t, { state: memory, producer: fakeProducer(), ...inUnitsOfThree })
  await it.hold(0)
  it.feed(tenMoves)
  await it.until(() => it.commits.length > 0)

  it.engine.stop()
  await it.running

  const { moves: committed } = (await memory.positions([{ subTopology: 'moves', partition: 0 }]))[0]?.offsets ?? {}
  assertCountedOnce(memory, committed ?? -1)
})
