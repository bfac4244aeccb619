import assert from 'node:assert/strict'
import { test } from 'node:test'
import Type from 'typebox'
import { defineProcessor, defineTopology, FatalError, isRejected, isValid, type LogRecord, type Topology } from '../../../streams/index.ts'
import { openMemoryState } from '../../../streams/state/memory-state.ts'
import type { Loaded } from '../../../streams/state/state.ts'
import { StoreStates } from '../../../streams/task/stores/store-states.ts'
import { UnitRunner, type Unit } from '../../../streams/task/unit.ts'
import { eventLog } from '../../../stores/event-log.ts'
import { itemPopularity } from '../../../stores/item-popularity.ts'
import { dead, itemOf, logRecord, moveRecord, moves, moving, seen, taskOf } from '../../helpers/tasks.ts'

function world (topology: Topology = moving, { maxRecordBytes = 100_000 } = {}) {
  const stores = new StoreStates(topology.stores)
  const state = openMemoryState()
  let now = 5_000
  const runner = new UnitRunner({ topology, applicationId: 'app', stores, now: () => now++, maxRecordBytes })
  const task = taskOf(topology)
  const load = async (): Promise<number> => {
    const wanted = stores.takeMissing()
    stores.accept(await state.load(wanted), wanted)
    return wanted.reduce((sum, { keys }) => sum + keys.length, 0)
  }
  return { stores, runner, load, item: (record: LogRecord) => itemOf(record, task) }
}

type World = ReturnType<typeof world>

/** Runs a record until its state is at hand. */
async function runAll ({ runner, load, item }: Pick<World, 'runner' | 'load' | 'item'>, ...records: readonly LogRecord[]): Promise<void> {
  for (const record of records) {
    const each = item(record)
    while (!runner.run(each)) await load()
  }
}

const plain = ({ emissions }: Unit): string[] => emissions.map(({ record }) => `${record.topic} ${record.key} ${record.value}`)

const sources = ({ emissions }: Unit): string[] => emissions.map(({ record }) => String(record.headers.find(([name]) => name === 'millrace-source')?.[1]))

const writes = (stores: StoreStates): Record<string, unknown> => {
  stores.seal()
  return Object.fromEntries(stores.writes().map(write => [write.store.name, Object.fromEntries(write.kind === 'counter' ? write.amounts : write.kind === 'rows' ? write.rows : write.kind === 'ordered' ? [] : write.changes)]))
}

test('what a record does is collected: effects on stores, emissions, and nothing else', async () => {
  const it = world()
  await runAll(it, moveRecord(0, { user: 'u', item: 'a' }), moveRecord(1, { user: 'u', item: 'b' }))

  const unit = it.runner.close()

  assert.deepEqual(plain(unit), ['seen u {"id":"e0","user":"u","item":"none>a#1"}', 'seen u {"id":"e1","user":"u","item":"a>b#2"}'])
  assert.deepEqual(unit.items.map(({ record }) => record?.offset), [0, 1])
  const { item_popularity: popularity, events, profiles } = writes(it.stores)
  assert.deepEqual([popularity, Object.keys(events ?? {}), profiles], [{ a: 1, b: 1 }, ['e0', 'e1'], { u: { expected: 0, value: 2 } }])
})

test('an emission carries where it came from, numbered within its record', async () => {
  const forwardTwice = defineProcessor({
    name: 'forward-twice',
    input: Type.Unknown(),
    output: Type.Unknown(),
    stores: {},
    process (record, { forward }) {
      forward(record)
      forward(record)
    }
  })
  const it = world(defineTopology('twice', ({ stream }) => stream(moves).process(forwardTwice).to(seen)))
  await runAll(it, logRecord({ offset: 8, headers: [['trace', Buffer.from('t')]] }), logRecord({ offset: 9 }))

  const unit = it.runner.close()

  assert.deepEqual(sources(unit), ['app/moves/0/moves-0@8#0', 'app/moves/0/moves-0@8#1', 'app/moves/0/moves-0@9#0', 'app/moves/0/moves-0@9#1'])
  assert.deepEqual(unit.emissions[0]?.record.headers[0], ['trace', Buffer.from('t')])
})

test('a record whose state is missing did nothing, and does the same when it is run again', async () => {
  const ready = world()
  await runAll(ready, moveRecord(0))
  const expected = plain(ready.runner.close())
  const it = world()
  const item = it.item(moveRecord(0))

  assert.equal(it.runner.run(item), false)
  assert.deepEqual(it.runner.close(), { items: [], passed: [], emissions: [], drops: [], effects: [], times: new Map(), trace: [] })
  let runs = 0
  while (!it.runner.run(item)) runs += await it.load()
  const unit = it.runner.close()

  assert.ok(runs > 0)
  assert.deepEqual(plain(unit), expected)
  assert.deepEqual(writes(it.stores), writes(ready.stores))
})

test('a walk learns at once all that records will ask for, and those that were walked rightly stand as if they had been run', async () => {
  const records = [moveRecord(0, { user: 'u' }), moveRecord(1, { user: 'v' }), moveRecord(2, { user: 'u' })]
  const oneByOne = world()
  await runAll(oneByOne, ...records)
  const expected = oneByOne.runner.close()
  const it = world()
  const items = records.map(it.item)
  await it.runner.guess(items, async () => {})
  const wanted = it.stores.takeMissing()
  const loaded = await openMemoryState().load(wanted)

  assert.equal(it.runner.keep(items, it.stores.firstMisled(loaded, wanted)), 3)
  it.stores.accept(loaded, wanted)

  // A history and a profile of each user.
  assert.equal(wanted.reduce((sum, { keys }) => sum + keys.length, 0), 4)
  const unit = it.runner.close()
  assert.deepEqual([plain(unit), sources(unit), unit.trace], [plain(expected), sources(expected), expected.trace])
  assert.deepEqual(unit.items.map(({ record }) => record?.offset), [0, 1, 2])
  assert.deepEqual(writes(it.stores), writes(oneByOne.stores))
})

test('from the first record on that was walked on a wrong guess, nothing is left of them', async () => {
  const records = [moveRecord(1, { user: 'u' }), moveRecord(2, { user: 'v' }), moveRecord(3, { user: 'u' })]
  const known = { newest: 7, entries: [{ item_id: 'old', ts: 0 }] }
  const answered = (wanted: ReturnType<StoreStates['takeMissing']>): Loaded[] => wanted.map(({ store }): Loaded => store.kind === 'list'
    ? { store, found: new Map([['v', known]]) }
    : store.kind === 'keyed' ? { store, found: new Map() } : { store: eventLog, found: new Set() })
  const it = world()
  const items = records.map(it.item)
  await it.runner.guess(items, async () => {})
  const wanted = it.stores.takeMissing()

  assert.equal(it.runner.keep(items, it.stores.firstMisled(answered(wanted), wanted)), 1)
  it.stores.accept(answered(wanted), wanted)

  for (const item of items.slice(1)) assert.equal(it.runner.run(item), true)
  assert.deepEqual(plain(it.runner.close()).map(line => line.slice(line.indexOf('"item"'))), ['"item":"none>i1#1"}', '"item":"old>i2#1"}', '"item":"i1>i3#2"}'])
})

test('a record that fails while it is walked does not stand, nor do those behind it', async () => {
  const it = world()
  const items = [moveRecord(0), moveRecord(1, { item: 'poison' }), moveRecord(2)].map(it.item)
  await it.runner.guess(items, async () => {})
  const wanted = it.stores.takeMissing()
  const loaded = await openMemoryState().load(wanted)

  assert.equal(it.runner.keep(items, it.stores.firstMisled(loaded, wanted)), 1)

  assert.equal(it.runner.close().emissions.length, 1)
})

test('what only an absence that nothing proves led to is not held against the record', async () => {
  const asksTwice = defineProcessor({
    name: 'asks-twice',
    input: Type.Unknown(),
    stores: { log: eventLog },
    process (_record, { stores: { log } }) {
      if (!log.has({ event_id: 'e' })) throw new Error('it should be there')
    }
  })
  const it = world(defineTopology('guess', ({ stream }) => stream(moves).process(asksTwice)))
  const item = it.item(logRecord())

  assert.equal(it.runner.run(item), false)
  it.stores.accept([{ store: eventLog, found: new Set(['e']) }], it.stores.takeMissing())

  assert.equal(it.runner.run(item), true)
  assert.equal(item.failure, undefined)
})

test('a processor that swallows the suspension does not get through with a guess', async () => {
  const swallows = defineProcessor({
    name: 'swallows',
    input: Type.Unknown(),
    stores: { log: eventLog, popularity: itemPopularity },
    process (_record, { stores: { log, popularity } }) {
      try {
        log.has({ event_id: 'e' })
      } catch {}
      popularity.add({ item_id: 'a' }, 1)
    }
  })
  const it = world(defineTopology('swallowing', ({ stream }) => stream(moves).process(swallows)))
  const item = it.item(logRecord())

  assert.equal(it.runner.run(item), false)
  await it.load()
  assert.equal(it.runner.run(item), true)

  assert.deepEqual(writes(it.stores), { item_popularity: { a: 1 } })
})

test('a poison record is undone alone, and goes to the dead letters with its envelope', async () => {
  const it = world()
  await runAll(it, moveRecord(0, { item: 'a' }), moveRecord(1, { item: 'poison' }), moveRecord(2, { item: 'b' }))

  const unit = it.runner.close()

  assert.deepEqual(unit.emissions.map(({ record, isDeadLetter }) => [record.topic, isDeadLetter]), [['seen', false], ['dead', true], ['seen', false]])
  assert.match(plain(unit)[2] ?? '', /a>b#2/)
  const { item_popularity: popularity, events } = writes(it.stores)
  assert.deepEqual([popularity, Object.keys(events ?? {})], [{ a: 1, b: 1 }, ['e0', 'e2']])
  const { error_type, error_message, source_offset, payload } = JSON.parse(String(unit.emissions[1]?.record.value))
  assert.deepEqual({ error_type, error_message, source_offset, payload }, {
    error_type: 'processor', error_message: "Node 'take-move': cannot swallow this", source_offset: 1, payload: JSON.stringify({ id: 'e1', user: 'u', item: 'poison' })
  })
})

test('a dead letter has the same bytes when its unit is run again, whoever refused the record', async () => {
  const it = world()
  const poison = it.item(moveRecord(0, { item: 'poison' }))
  const refused = it.item(logRecord({ offset: 1, value: Buffer.from('{"id":1}') }))
  const garbled = it.item(logRecord({ offset: 2, value: Buffer.from('{') }))
  const runBoth = async () => {
    for (const item of [poison, refused, garbled]) while (!it.runner.run(item)) await it.load()
    return it.runner.close().emissions.map(({ record }) => record)
  }

  const first = await runBoth()
  it.stores.undo()
  const second = await runBoth()

  assert.equal(first.length, 3)
  assert.deepEqual(second, first)
})

test('a value that is no text, no JSON or not there is refused with the reason', async () => {
  const it = world()
  await runAll(it, logRecord({ value: Buffer.from([0xff]) }), logRecord({ offset: 1, value: Buffer.from('{"a"') }), logRecord({ offset: 2, value: null }), logRecord({ offset: 3, value: Buffer.from('null') }))

  const types = it.runner.close().emissions.map(({ record }) => JSON.parse(String(record.value)).error_type)

  assert.deepEqual(types, ['decode', 'json', 'decode', 'schema'])
})

test('a key that is no text is refused like a value, and kept as it came', async () => {
  const it = world()
  await runAll(it, moveRecord(0, {}, { key: Buffer.from([0xff]) }))

  const [emission] = it.runner.close().emissions
  assert.deepEqual([emission?.record.topic, emission?.record.key], ['dead', Buffer.from([0xff])])
})

test('where there is no place for dead letters, a poison record stops the worker with a word on what to do', () => {
  const fails = defineProcessor({ name: 'fails', input: Type.Unknown(), stores: {}, process () { throw new Error('no') } })
  const it = world(defineTopology('strict', ({ stream }) => stream(moves).process(fails)))

  assert.throws(() => it.runner.run(it.item(logRecord({ offset: 7 }))), error => error instanceof FatalError && /Node 'fails' failed on moves-0@7: no\..*place for dead letters/.test(error.message))
})

test('an error of a node behind another is named after the node that threw', async () => {
  const it = world(defineTopology('deep', ({ stream }) => {
    const { valid, dlq } = stream(moves).validate(Type.Object({})).branch({ valid: isValid, dlq: isRejected })
    dlq.to(dead, { format: 'envelope' })
    valid.mapValues(value => value, { name: 'outer' }).filter(() => { throw new Error('no') }, { name: 'inner' }).to(seen)
  }))
  await runAll(it, logRecord())

  assert.match(plain(it.runner.close())[0] ?? '', /Node 'inner': no/)
})

test('drops and looks of a record that is undone are undone with it; those that count come once', async () => {
  const looked: number[] = []
  const drops = defineProcessor({
    name: 'drops',
    input: Type.Unknown(),
    stores: { log: eventLog },
    process (_record, { drop, stores: { log } }) {
      drop('on-purpose')
      log.has({ event_id: 'e' })
    }
  })
  const it = world(defineTopology('looking', ({ stream }) => stream(moves).peek(() => looked.push(1)).process(drops)))
  const item = it.item(logRecord())
  assert.equal(it.runner.run(item), false)
  await it.load()
  it.runner.run(item)

  const unit = it.runner.close()
  for (const effect of unit.effects) effect()

  assert.deepEqual(unit.drops.map(({ node, reason }) => [node.name, reason]), [['drops', 'on-purpose']])
  assert.deepEqual(looked, [1])
})

test('a dead letter that was too large is cut shorter each time, down to the least, and no other with it', () => {
  const it = world()
  const [big, other] = [it.item(logRecord({ value: Buffer.from('x'.repeat(90_000)) })), it.item(logRecord({ offset: 1, value: Buffer.from('y'.repeat(90_000)) }))]
  const sizes = (): (number | undefined)[] => {
    for (const item of [big, other]) it.runner.run(item)
    return it.runner.close().emissions.map(({ record }) => record.value?.length)
  }
  const [whole] = sizes()

  assert.equal(it.runner.shrinkDeadLetter(big), true)
  const [cut, untouched] = sizes()
  while (it.runner.shrinkDeadLetter(big));
  const [least] = sizes()

  assert.ok(whole !== undefined && cut !== undefined && least !== undefined)
  assert.ok(whole > 90_000 && cut <= 25_000 && least <= 1_024, `${whole} ${cut} ${least}`)
  assert.equal(untouched, whole)
})
