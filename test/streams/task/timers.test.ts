import assert from 'node:assert/strict'
import { test } from 'node:test'
import Type from 'typebox'
import { defineProcessor, defineTopic, defineTopology, type Topology } from '../../../streams/index.ts'
import type { Execution } from '../../../streams/graph/execution.ts'
import type { Node } from '../../../streams/graph/node.ts'
import { openMemoryState } from '../../../streams/state/memory-state.ts'
import { StateError } from '../../../streams/state/state.ts'
import { createTestDriver } from '../../../streams/testing.ts'
import { fakeProducer } from '../../helpers/producer.ts'
import { faulty, logRecord, once, startEngine } from '../../helpers/tasks.ts'

const records = defineTopic({ name: 'moves' })
const told = defineTopic({ name: 'told' })

const passing = defineTopology('passing', ({ stream }) => { stream(records).to(told) })

/** A graph whose sink is told what a hook wants; records end here. */
function hooked (wire: (execution: Execution, node: Node, tell: (what: string, timestamp: number) => void) => void): Topology {
  const [source] = passing.sources
  const [, sink] = passing.nodes
  if (source === undefined || sink === undefined) throw new TypeError('The topology has a source and a sink.')
  return {
    ...passing,
    sources: [{
      ...source,
      open (execution) {
        wire(execution, source.node, (value, timestamp) => execution.emit(sink, { key: null, value, timestamp, headers: [] }))
        return () => {}
      }
    }]
  }
}

const whenIdle = hooked((execution, node, tell) => {
  execution.whenIdle(node, 100, now => tell(`idle in ${execution.partition()}, stream time ${execution.streamTime()}`, now))
})

test('a task that has had no record for so long says so once, in a commit of its own', async () => {
  const driver = createTestDriver(whenIdle)
  await driver.topic(records).pipe('k', 'v', { timestamp: 7 })

  await driver.advanceWallClock(99)
  const early = await driver.output(told).readValues()
  await driver.advanceWallClock(1)
  await driver.advanceWallClock(1_000)

  assert.deepEqual(early, [])
  assert.deepEqual(await driver.output(told).readValues(), ['idle in 0, stream time 7'])
})

test('every record begins the waiting anew, in its own task', async () => {
  const driver = createTestDriver(whenIdle, { partitions: 2 })
  for (const partition of [0, 1]) await driver.topic(records).pipe('k', 'v', { timestamp: 1, partition })

  await driver.advanceWallClock(60)
  await driver.topic(records).pipe('k', 'v', { timestamp: 2, partition: 0 })
  await driver.advanceWallClock(60)
  const first = await driver.output(told).readValues()
  await driver.advanceWallClock(60)
  const second = await driver.output(told).readValues()
  await driver.topic(records).pipe('k', 'v', { timestamp: 3, partition: 1 })
  await driver.advanceWallClock(100)

  assert.deepEqual(first, ['idle in 1, stream time 1'])
  assert.deepEqual(second, ['idle in 0, stream time 2'])
  assert.deepEqual(await driver.output(told).readValues(), ['idle in 1, stream time 3'])
})

test('when stream time is moved without a record, nodes that wait for it are told, and it stays moved', async () => {
  const driver = createTestDriver(hooked((execution, node, tell) => execution.whenTimeAdvances(node, now => tell(`it is ${now}`, now))))
  await driver.topic(records).pipe('k', 'v', { timestamp: 7 })

  await driver.advanceStreamTime(50)
  await driver.restart()
  await driver.advanceStreamTime(40)

  assert.deepEqual(await driver.output(told).readValues(), ['it is 50', 'it is 50'])
})

/** Tells what the wall clock shows, every so often. */
const ticking = (everyMs: number): Topology => defineTopology('ticking', ({ stream }) => {
  stream(records).process(defineProcessor({
    name: 'tick',
    input: Type.Unknown(),
    output: Type.Unknown(),
    stores: {},
    process () {},
    punctuate: [{ everyMs, by: 'wall-clock', run: (timestamp, { forward }) => forward({ key: null, value: 'tick', timestamp, headers: [] }) }]
  })).to(told)
})

test('a running engine does what is due by the wall clock, without records', async t => {
  const producer = fakeProducer()
  const it = startEngine(t, { state: openMemoryState(), producer, topology: ticking(5) })
  await it.hold(0, 1)

  await it.until(() => it.commits.length >= 3)

  assert.ok(producer.sent.length >= 3)
  assert.ok(producer.sent.every(({ topic }) => topic === 'told'))
})

test('and with more records than a unit holds at hand', async t => {
  const producer = fakeProducer()
  const it = startEngine(t, { state: openMemoryState(), producer, topology: ticking(1), maxUnitRecords: 1 })
  await it.hold(0)

  it.feed(Array.from({ length: 2_000 }, (_, offset) => logRecord({ offset })))
  await it.drained(2_000)

  assert.ok(producer.sent.length > 0)
})

test('what is due by the wall clock is run again after an outage, as the same', async t => {
  const producer = fakeProducer()
  const outage = once(() => { throw new StateError('outage', 'the database is away', undefined) })
  const it = startEngine(t, { state: faulty(openMemoryState(), { write: outage }), producer, topology: ticking(40) })
  await it.hold(0)

  await it.until(() => it.commits.length >= 1)

  // It was acknowledged before the outage; were it another, it would be sent again.
  assert.equal(producer.sent.length, 1)
  assert.ok(it.reasons.some(reason => reason?.includes('the database is away')))
})

test('what cannot be stored and comes from no record stops the engine', async t => {
  const refuse = (): void => { throw new StateError('data', 'value too long', undefined) }
  const it = startEngine(t, { state: faulty(openMemoryState(), { write: refuse }), producer: fakeProducer(), topology: ticking(1) })
  await it.hold(0)

  await assert.rejects(it.running, { name: 'FatalError', message: /What task moves\/0 does by time, at \d+, cannot be committed: value too long/ })
})
