import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import {
  StateError, type KeyedWrite, type ListValue, type ListWrite, type Loaded, type OrderedKey, type OrderedRange, type OrderedWrite, type Row, type RowsWrite, type State, type StoreWrite, type TaskPosition, type UnitTransaction, type Written
} from '../../../streams/state/state.ts'
import type { Counter, Keyed, List, Rows, Store } from '../../../streams/index.ts'
import { joinRowKey } from '../../../streams/stores/rows.ts'
import { coVisitation } from '../../../stores/co-visitation.ts'
import { eventLog } from '../../../stores/event-log.ts'
import { impressionLog } from '../../../stores/impression-log.ts'
import { itemPopularity } from '../../../stores/item-popularity.ts'
import { userHistory } from '../../../stores/user-history.ts'
import { buckets, profiles, samples, shelves, visits } from '../../helpers/stores.ts'
import { claimUnit } from '../../helpers/units.ts'

/** A state with the recommender's stores and those of `test/helpers/stores.ts`, all empty. */
export interface StateWorld {
  readonly state: State
  /** A store's content as rows of its table, in any order; jsonb as its text. */
  readonly table: (store: Store) => Promise<readonly Row[]>
}

/** Opens a world of the test's own; undefined after skipping the test. */
export type StateFactory = (t: TestContext) => Promise<StateWorld | undefined>

const TASK = { subTopology: 'watches', partition: 3 }

/** What every implementation of `State` promises. */
export function stateContract (name: string, openState: StateFactory): void {
  const stateTest = testsOf(name, openState)

  stateTest('the first count of an input is the one that is kept', async ({ state }) => {
    assert.deepEqual(await state.noteInputs(new Map([['a', 6], ['b', 1]])), new Map([['a', 6], ['b', 1]]))

    assert.deepEqual(await state.noteInputs(new Map([['a', 12], ['c', 3]])), new Map([['a', 6], ['b', 1], ['c', 3]]))
  })

  stateTest('a record that is parked again stays where it is, with what is newly known of it', async world => {
    const place = { ...TASK, lane: 'k1', seq: 1 }
    const record = { topic: 'watches', partition: 3, offset: 5, timestamp: 9, key: Buffer.from('k1'), value: null, headers: [['from', Buffer.from('the first attempt')]] } as const
    const row = { ...place, dueAtMs: 100, attempts: 1, firstFailedAtMs: 50, origin: 'here', record }
    const again = { ...row, dueAtMs: 200, attempts: 2, record: { ...record, headers: [['from', Buffer.from('the second')]] } } as const
    for (const put of [row, again]) {
      const position = await held(world)
      const unit = await world.state.begin()
      await claimUnit(unit, [position], [])
      await unit.write([], [], { puts: [put], deletes: [] })
    }
    assert.deepEqual(await world.state.loadParked([place]), [again])
    assert.deepEqual(await world.state.parkedCounts(), new Map([[TASK.subTopology, 1]]))
  })

  stateTest('a task that was never held begins where its start says', async ({ state }) => {
    assert.deepEqual(await state.positions([TASK]), [])

    const taken = await state.takeOver([{ ...TASK, offsets: { watches: 7 } }])

    assert.deepEqual(taken, [{ ...TASK, epoch: 1, unit: 0, offsets: { watches: 7 }, streamTime: -1, finished: {}, times: {} }])
    assert.deepEqual(await state.positions([TASK, { ...TASK, partition: 4 }]), taken)
  })

  stateTest('taking a task over raises its epoch, keeps its offsets and times and adds those of new topics', async world => {
    await commit(world, [{ ...await held(world), offsets: { watches: 50 }, streamTime: 1_700_000_000_123, finished: { watches: [[60, 70]] }, times: { closes: 7, 'a.b-c': 0 } }])

    const taken = await world.state.takeOver([{ ...TASK, offsets: { watches: 7, events: 2 } }])

    assert.deepEqual(taken, [{ ...TASK, epoch: 2, unit: 1, offsets: { watches: 50, events: 2 }, streamTime: 1_700_000_000_123, finished: { watches: [[60, 70]] }, times: { closes: 7, 'a.b-c': 0 } }])
  })

  stateTest('several tasks are taken and moved at once', async world => {
    const starts = [0, 1, 2].map(partition => ({ subTopology: "it's", partition, offsets: { 'a.b-c': partition } }))
    const positions = await world.state.takeOver(starts)

    await commit(world, positions.map(position => ({ ...position, offsets: { 'a.b-c': position.partition + 10 } })))

    const found = await world.state.positions(starts)
    assert.deepEqual(found.toSorted((a, b) => a.partition - b.partition).map(({ unit, offsets }) => [unit, offsets['a.b-c']]), [[1, 10], [1, 11], [1, 12]])
  })

  for (const [what, of] of [
    ['an old epoch', ({ epoch, ...rest }: TaskPosition) => ({ ...rest, epoch: epoch - 1 })],
    ['an epoch to come', ({ epoch, ...rest }: TaskPosition) => ({ ...rest, epoch: epoch + 1 })],
    ['an old unit', ({ unit, ...rest }: TaskPosition) => ({ ...rest, unit: unit - 1 })],
    ['a task that was never taken', (position: TaskPosition) => ({ ...position, partition: 99 })]
  ] as const) {
    stateTest(`who comes with ${what} loses, is told so, and writes nothing`, async world => {
      await held(world)
      const [again] = await world.state.takeOver([{ ...TASK, offsets: {} }])
      assert.ok(again !== undefined)
      await commit(world, [again], [add(itemPopularity, { a: 1 })])
      const now = { ...again, unit: 1 }
      const stale = of(now)

      const unit = await world.state.begin()
      const claim = await claimUnit(unit, [{ ...stale, offsets: { watches: 999 } }], [rows(eventLog, [event('e1')], [])])
      await unit.rollback()

      assert.deepEqual(claim.lost.map(({ subTopology, partition }) => ({ subTopology, partition })), [{ subTopology: stale.subTopology, partition: stale.partition }])
      assert.deepEqual(await world.state.positions([TASK]), [now])
      assert.deepEqual(await world.table(eventLog), [])
    })
  }

  stateTest('where one of several tasks is lost, only that one is named', async world => {
    const [a, b] = await world.state.takeOver([{ ...TASK, partition: 0, offsets: {} }, { ...TASK, partition: 1, offsets: {} }])
    await world.state.takeOver([{ ...TASK, partition: 1, offsets: {} }])
    assert.ok(a !== undefined && b !== undefined)

    const unit = await world.state.begin()
    const { lost } = await claimUnit(unit, [a, b], [])
    await unit.rollback()

    assert.deepEqual(lost.map(({ partition }) => partition), [1])
    assert.equal((await world.state.positions([a]))[0]?.unit, 0)
  })

  stateTest('of a task that writes internal topics each epoch that ended is known with its last unit, and how often a unit was tried in vain', async world => {
    const { state } = world
    const takeOver = async (): Promise<readonly TaskPosition[]> => await state.takeOver([{ ...TASK, offsets: { watches: 0 }, writesInternal: true }])
    const first = await takeOver()
    assert.deepEqual(await state.unitsOf([TASK, { ...TASK, partition: 4 }]), [{ ...TASK, epoch: 1, unit: 0, closed: [], aborted: [] }])
    await state.abort([{ ...TASK, epoch: 1, unit: 1, attempts: 1 }])
    const unit = await state.begin()
    await claimUnit(unit, first, [], [{ ...TASK, epoch: 1, unit: 1, attempts: 2 }])
    await unit.write([], [])

    await commit(world, await takeOver())
    await takeOver()

    assert.deepEqual((await state.unitsOf([TASK])).map(({ closed, aborted, epoch, unit }) => ({ epoch, unit, closed: closed.map(each => [each.epoch, each.unit]), aborted: aborted.map(each => [each.epoch, each.unit, each.attempts]) })), [
      { epoch: 3, unit: 2, closed: [[1, 1], [2, 2]], aborted: [[1, 1, 2]] }
    ])
  })

  stateTest('attempts in vain are written down only for a task that still stands before their unit, and never fewer than before', async world => {
    const { state } = world
    const position = await held(world)
    await state.abort([{ ...TASK, epoch: 1, unit: 1, attempts: 3 }, { ...TASK, epoch: 2, unit: 1, attempts: 1 }, { ...TASK, epoch: 1, unit: 2, attempts: 1 }])
    await state.abort([{ ...TASK, epoch: 1, unit: 1, attempts: 2 }])
    await commit(world, [position])

    await state.abort([{ ...TASK, epoch: 1, unit: 1, attempts: 4 }])

    assert.deepEqual((await state.unitsOf([TASK]))[0]?.aborted.map(({ epoch, unit, attempts }) => [epoch, unit, attempts]), [[1, 1, 3]])
  })

  stateTest('a unit that was rolled back leaves nothing of its attempts', async world => {
    const position = await held(world)
    const unit = await world.state.begin()
    await claimUnit(unit, [position], [], [{ ...TASK, epoch: 1, unit: 1, attempts: 1 }])

    await unit.rollback()

    assert.deepEqual((await world.state.unitsOf([TASK]))[0]?.aborted, [])
  })

  stateTest('an epoch that is forgotten is gone with its attempts, and the present one stays', async ({ state }) => {
    const start = { ...TASK, offsets: {}, writesInternal: true }
    await state.takeOver([start])
    await state.abort([{ ...TASK, epoch: 1, unit: 1, attempts: 1 }])
    await state.takeOver([start])
    await state.abort([{ ...TASK, epoch: 2, unit: 1, attempts: 1 }])

    await state.forgetEpochs([{ ...TASK, epoch: 1 }, { ...TASK, epoch: 2 }])

    assert.deepEqual((await state.unitsOf([TASK])).map(({ closed, aborted }) => [closed, aborted.map(({ epoch }) => epoch)]), [[[], [2]]])
  })

  stateTest('a condemned record is known to whoever takes its task over, until the unit that moves past it is committed', async world => {
    const { state } = world
    const position = await held(world)
    const record = { ...TASK, topic: 'watches', offset: 8, node: 'take-move' }
    assert.equal(await state.condemn(record), true)
    assert.equal(await state.condemn(record), true)
    const known = await state.condemned([TASK])
    assert.deepEqual(known.map(({ foundAtMs, ...rest }) => rest), [record])
    assert.ok(Math.abs(Date.now() - (known[0]?.foundAtMs ?? 0)) < 60_000)
    assert.deepEqual(await state.condemned([{ ...TASK, partition: 4 }]), [])

    const moved = { ...position, offsets: { watches: 9 } }
    const given = await state.begin()
    await given.insert([])
    await given.claim([moved], [record])
    await given.rollback()
    assert.equal((await state.condemned([TASK])).length, 1)
    const unit = await state.begin()
    await unit.insert([])
    await unit.claim([moved], [record])
    await unit.write([], [])

    assert.deepEqual(await state.condemned([TASK]), [])
  })

  stateTest('a record that somebody has moved past is not condemned any more, nor one of a task that nobody held', async world => {
    await commit(world, [{ ...await held(world), offsets: { watches: 6 } }])

    assert.equal(await world.state.condemn({ ...TASK, topic: 'watches', offset: 5, node: 'n' }), false)
    assert.equal(await world.state.condemn({ ...TASK, partition: 9, topic: 'watches', offset: 5, node: 'n' }), false)
    assert.deepEqual(await world.state.condemned([TASK, { ...TASK, partition: 9 }]), [])
  })

  stateTest('a row that was read as absent and is there is a conflict under its key', async world => {
    const position = await held(world)
    await commit(world, [], [], [rows(eventLog, [event('e1')], ['e1'])])

    const unit = await world.state.begin()
    const { conflicts } = await claimUnit(unit, [position], [rows(eventLog, [event('e1'), event('e2'), event('e3')], ['e1', 'e2'])])
    await unit.rollback()

    assert.deepEqual(conflicts, [{ store: eventLog, keys: ['e1'] }])
    assert.deepEqual((await world.table(eventLog)).map(({ event_id }) => event_id), ['e1'])
  })

  stateTest('a row whose key is there already changes nothing when nobody asked for it', async world => {
    await commit(world, [], [], [rows(eventLog, [event('e1', { item_id: 'first' })], ['e1'])])

    const written = await commit(world, [await held(world)], [], [rows(eventLog, [event('e1', { item_id: 'second' }), event('e2')], [])])

    assert.equal(written.outcome, 'committed')
    assert.deepEqual((await world.table(eventLog)).map(({ event_id, item_id }) => `${event_id} ${item_id}`).sort(), ['e1 first', 'e2 i'])
    assert.equal((await world.state.positions([TASK]))[0]?.unit, 1)
  })

  stateTest('a key of several columns decides as a whole', async world => {
    const shown = (position: number): Row => ({
      event_id: 'e', position, user_id: 'u', session_id: 's', request_id: 'r', ts_ms: 1, server_received_ts_ms: null, item_id: 'i', feed_id: null, slot: null, context: null
    })
    await commit(world, [], [], [rows(impressionLog, [shown(0), shown(1)], ['all'])])

    const [found] = await world.state.load([{ store: impressionLog, keys: ['["e",0]', '["e",1]', '["e",2]', '["f",0]'] }])

    assert.deepEqual([...found?.found.keys() ?? []].sort(), ['["e",0]', '["e",1]'])
  })

  stateTest('counts of several units add up, and each unit is told the new counts of what it changed', async world => {
    const first = await commit(world, [], [add(itemPopularity, { a: 3, b: 1 }), add(coVisitation, { 'a\u0000b': 1 })])
    const second = await commit(world, [], [add(itemPopularity, { a: 4 }), add(coVisitation, { 'a\u0000b': 1, 'b\u0000a': 5 })])

    assert.deepEqual(countsIn(first, itemPopularity), { a: 3, b: 1 })
    assert.deepEqual(countsIn(second, itemPopularity), { a: 7 })
    assert.deepEqual(countsIn(second, coVisitation), { 'a\u0000b': 2, 'b\u0000a': 5 })
    assert.deepEqual((await world.table(coVisitation)).map(({ prev_item_id, next_item_id, cnt }) => [prev_item_id, next_item_id, cnt].join()).sort(), ['a,b,2', 'b,a,5'])
  })

  stateTest('a list begins, grows and forgets', async world => {
    await commit(world, [], [lists(userHistory, { u1: [0, list(2, 'b', 'a')] })])
    const written = await commit(world, [], [lists(userHistory, { u1: [2, list(5, 'e', 'd', 'c', 'b')], u2: [0, list(30, 'z', 'y')] })])

    const [loaded] = await world.state.load([{ store: userHistory, keys: ['u1', 'u2', 'u3'] }])
    assert.deepEqual(valuesIn(loaded), { u1: list(5, 'e', 'd', 'c', 'b'), u2: list(30, 'z', 'y') })
    const changed = written.outcome === 'committed' ? written.changes.flatMap(change => change.kind === 'list' ? [...change.values] : []) : []
    assert.deepEqual(changed.map(([key, { newest, entries }]) => [key, { newest, entries }]), [['u1', list(5, 'e', 'd', 'c', 'b')], ['u2', list(30, 'z', 'y')]])
    assert.deepEqual((await world.table(userHistory)).map(({ user_id, pos }) => `${user_id} ${pos}`).sort(), ['u1 2', 'u1 3', 'u1 4', 'u1 5', 'u2 29', 'u2 30'])
  })

  stateTest('a list that took more than it keeps in one unit holds the newest only', async world => {
    await commit(world, [], [lists(userHistory, { u: [0, list(1, 'a')] })])
    await commit(world, [], [lists(userHistory, { u: [1, list(9, 'i', 'h')] })])

    assert.deepEqual(valuesIn((await world.state.load([{ store: userHistory, keys: ['u'] }]))[0]), { u: list(9, 'i', 'h') })
  })

  stateTest('a list that was cut before forgets from the oldest entry that it still has', async world => {
    await commit(world, [], [lists(userHistory, { u: [0, list(9, 'i', 'h', 'g', 'f')], v: [0, list(9, 'i', 'h')] })])
    await commit(world, [], [lists(userHistory, { u: [9, list(10, 'j', 'i'), 4], v: [9, list(10, 'j', 'i', 'h'), 2] })])

    assert.deepEqual(valuesIn((await world.state.load([{ store: userHistory, keys: ['u', 'v'] }]))[0]), { u: list(10, 'j', 'i'), v: list(10, 'j', 'i', 'h') })
  })

  for (const [what, expected] of [['moved on since it was read', 1], ['was begun by another since', 0]] as const) {
    stateTest(`a list that ${what} is a conflict under its key, and nothing of the unit remains`, async world => {
      const position = await held(world)
      await commit(world, [], [lists(userHistory, { u1: [0, list(2, 'b', 'a')], u2: [0, list(1, 'a')] })])

      const written = await commit(world, [position], [
        add(itemPopularity, { a: 1 }),
        lists(userHistory, { u1: [expected, list(expected + 1, 'x')], u2: [1, list(2, 'y', 'a')], u3: [0, list(1, 'z')] })
      ], [rows(eventLog, [event('e1')], ['e1'])])

      assert.deepEqual(written, { outcome: 'conflict', conflicts: [{ store: userHistory, keys: ['u1'] }] })
      assert.deepEqual(valuesIn((await world.state.load([{ store: userHistory, keys: ['u1', 'u2', 'u3'] }]))[0]), { u1: list(2, 'b', 'a'), u2: list(1, 'a') })
      assert.deepEqual([await world.table(itemPopularity), await world.table(eventLog)], [[], []])
      assert.deepEqual(await world.state.positions([TASK]), [position])
    })
  }

  stateTest('a list under two key columns keeps nulls, fractions and JSON', async world => {
    const value = { newest: 2, entries: [{ page: null, seconds: 0.1, data: null }, { page: '', seconds: -1e300, data: '"é😀"' }] }
    await commit(world, [], [lists(visits, { 'u\u0000home': [0, value], 'u\u0000shop': [0, { newest: 1, entries: [{ page: 'p', seconds: 5, data: 'true' }] }] })])

    assert.deepEqual(valuesIn((await world.state.load([{ store: visits, keys: ['u\u0000home', 'home\u0000u'] }]))[0]), { 'u\u0000home': value })
  })

  stateTest('values are put, replaced and deleted, each time with a higher version', async world => {
    const first = await commit(world, [], [values(profiles, { a: [0, { n: 1 }], b: [0, 'text'] })])
    const a = versionIn(first, 'a')
    const b = versionIn(first, 'b')
    const second = await commit(world, [], [values(profiles, { a: [a, { n: 2 }], b: [b, undefined], c: [0, null] })])

    assert.ok(a > 0 && versionIn(second, 'a') > a && versionIn(second, 'b') > b)
    assert.deepEqual(valuesIn((await world.state.load([{ store: profiles, keys: ['a', 'b', 'c', 'd'] }]))[0]), {
      a: { version: versionIn(second, 'a'), value: { n: 2 } }, c: { version: versionIn(second, 'c'), value: null }
    })
    const changed = second.outcome === 'committed' ? second.changes.flatMap(change => change.kind === 'keyed' ? [...change.values] : []) : []
    assert.deepEqual(changed.map(([key, { value }]) => [key, value]).sort(), [['a', { n: 2 }], ['b', undefined], ['c', null]])
  })

  stateTest('a key deleted and put again has a higher version than it ever had', async world => {
    const first = await commit(world, [], [values(profiles, { a: [0, 1] })])
    const second = await commit(world, [], [values(profiles, { a: [versionIn(first, 'a'), undefined] })])
    const third = await commit(world, [], [values(profiles, { a: [0, 2] })])

    assert.ok(versionIn(third, 'a') > versionIn(second, 'a'))
  })

  for (const [what, write] of [
    ['replaced under an old version', { a: [1, 'mine'] }],
    ['deleted under an old version', { a: [1, undefined] }],
    ['put as new although it is there', { a: [0, 'mine'] }],
    ['replaced although it is gone', { gone: [1, 'mine'] }]
  ] as const) {
    stateTest(`a value ${what} is a conflict under its key, and nothing of the unit remains`, async world => {
      const position = await held(world)
      const first = await commit(world, [], [values(profiles, { a: [0, 'first'], gone: [0, 1] })])
      const second = await commit(world, [], [values(profiles, { a: [versionIn(first, 'a'), 'second'], gone: [versionIn(first, 'gone'), undefined] })])

      const written = await commit(world, [position], [values(profiles, { ...write, fresh: [0, 'x'] }), add(itemPopularity, { a: 1 })])

      assert.deepEqual(written, { outcome: 'conflict', conflicts: [{ store: profiles, keys: Object.keys(write) }] })
      assert.deepEqual(valuesIn((await world.state.load([{ store: profiles, keys: ['a', 'gone', 'fresh'] }]))[0]), { a: { version: versionIn(second, 'a'), value: 'second' } })
      assert.deepEqual([await world.table(itemPopularity), await world.state.positions([TASK])], [[], [position]])
    })
  }

  stateTest('a value under two key columns, with all of JSON in it, comes back', async world => {
    const value = { items: ['', 'é', '\u{1f600}', '"quoted"', 'back\\slash', '\n\t', '\u{ff5e}'] }
    await commit(world, [], [values(shelves, { "o'neil\u0000top \\ \"shelf\"": [0, value] })])

    const [found] = await world.state.load([{ store: shelves, keys: ["o'neil\u0000top \\ \"shelf\"", 'top\u0000o'] }])
    assert.deepEqual(Object.values(valuesIn(found)).map(each => 'value' in each && each.value), [value])
  })

  stateTest('what is given up leaves nothing', async world => {
    const position = await held(world)
    const unit = await world.state.begin()
    await claimUnit(unit, [{ ...position, offsets: { watches: 5 } }], [rows(eventLog, [event('e1')], ['e1'])])

    await unit.rollback()

    assert.deepEqual([await world.table(eventLog), await world.state.positions([TASK])], [[], [position]])
  })

  stateTest('rows come back as they were, whatever their columns hold', async world => {
    const kept = [
      sample(1),
      sample(2, { a_text: "it's \"quoted\" \\ back\\\\slash {curly,braces} NULL é \u{1f600} \u{ff5e} \n\t", a_bigint: 2 ** 53 - 1, an_integer: 2 ** 31 - 1, a_double: 0.1, a_boolean: true }),
      sample(3, { a_text: '', a_bigint: -(2 ** 53 - 1), an_integer: -(2 ** 31), a_double: -1.7976931348623157e308, a_time: -1 }),
      sample(4, { a_text: 'NULL', a_bigint: -1, an_integer: -1, a_double: 5e-324, a_time: 253_402_300_799_999, a_jsonb: '{"k": ["é", "\u{1f600}", null, 1.5, {"": "\\"\\\\"}]}' }),
      sample(-5, { a_bigint: 2 ** 32, a_double: Infinity, a_time: -62_135_596_799_999, a_jsonb: '[]' }),
      sample(6, { no_text: '', no_bigint: 0, no_integer: 0, no_double: 0, no_boolean: false, no_jsonb: 'null', no_time: 0 }),
      sample(7, { no_text: 'null', no_bigint: -(2 ** 32) - 1, no_integer: 7, no_double: -0.5, no_boolean: true, no_jsonb: '"x"', no_time: 1_700_000_000_123 })
    ]
    await commit(world, [], [], [rows(samples, kept, [])])

    assert.deepEqual(await sorted(world, samples, 'id'), kept.toSorted((a, b) => Number(a.id) - Number(b.id)))
    assert.deepEqual((await world.state.load([{ store: samples, keys: ['[-5]', '[1]', '[99]'] }]))[0]?.found, new Set(['[-5]', '[1]']))
  })

  stateTest('entries of an ordered store are put, replaced and deleted, in the part of their task', async world => {
    await world.state.ensureStores([buckets])
    await commit(world, [], [entries([[0, 'a', 'x', 1, 2], [0, 'b\0\xff', '', 2, 3], [1, 'a', 'z', -1, -5]])])
    await commit(world, [], [entries([[0, 'a', 'y\0\xff', 1_700_000_000_123, 4], [0, 'c', 'c', 0, 0]], [[0, 'b\0\xff'], [1, 'never there']])])

    const [loaded] = await world.state.load([{ store: buckets, keys: places([0, 'a'], [0, 'b\0\xff'], [1, 'a'], [2, 'a']), ranges: [] }])

    assert.deepEqual(entriesIn(loaded).found, ['0 a=y\0\xff 1700000000123 4', '1 a=z -1 -5'])
    assert.deepEqual((await world.table(buckets)).map(({ partition, key, value, timestamp, time }) => `${partition} ${key}=${value} ${timestamp} ${time}`).sort(), [
      '0 a=y\0\xff 1700000000123 4', '0 c=c 0 0', '1 a=z -1 -5'
    ])
  })

  stateTest('ranges of an ordered store come in the order of bytes, from either end, up to their limit', async world => {
    await world.state.ensureStores([buckets])
    await commit(world, [], [entries(['', '\0', 'a', 'a\0', 'ab', 'b', '\x7f', '\x80', '\xff', '\xff\xff'].map(key => [0, key, key, 1, 1] as const)), add(itemPopularity, { a: 1 })])
    await commit(world, [], [entries([[1, 'a', 'of another task', 1, 1]])])
    const range = (from: string, to: string | undefined, reverse: boolean, limit: number, partition = 0): OrderedRange => ({ partition, from, to, reverse, limit })

    const [loaded] = await world.state.load([{
      store: buckets,
      keys: places([0, 'ab']),
      ranges: [
        range('', undefined, false, 100), range('a', 'b', false, 100), range('a', 'b', true, 100), range('a', 'b', false, 2), range('a', 'b', true, 2), range('a', 'b', false, 3),
        range('\x7f', undefined, true, 3), range('', undefined, true, 5), range('c', 'd', false, 1), range('', undefined, false, 9, 1), range('', undefined, false, 9, 2)
      ]
    }])

    assert.deepEqual(entriesIn(loaded), {
      found: ['0 ab=ab 1 1'],
      ranges: [
        ['', '\0', 'a', 'a\0', 'ab', 'b', '\x7f', '\x80', '\xff', '\xff\xff'], ['a', 'a\0', 'ab'], ['ab', 'a\0', 'a'], ['a', 'a\0', 'and more'], ['ab', 'a\0', 'and more'],
        ['a', 'a\0', 'ab', 'and more'], ['\xff\xff', '\xff', '\x80', 'and more'], ['\xff\xff', '\xff', '\x80', '\x7f', 'b', 'and more'], [], ['a'], []
      ]
    })
  })

  stateTest('entries of a time before the one that is named go, also those of the same unit, in that part only', async world => {
    await world.state.ensureStores([buckets])
    await commit(world, [], [entries([[0, 'a', 'a', 9, 1], [0, 'b', 'b', 1, 9], [1, 'a', 'a', 9, 1]])])

    await commit(world, [], [entries([[0, 'c', 'c', 9, 4], [0, 'd', 'd', 1, 5]], [], [[0, 5]])])

    assert.deepEqual((await world.table(buckets)).map(({ partition, key }) => `${partition} ${key}`).sort(), ['0 b', '0 d', '1 a'])
  })

  stateTest('of a unit that is given up or has a conflict no entry remains, and none is gone', async world => {
    await world.state.ensureStores([buckets])
    await commit(world, [], [entries([[0, 'a', 'a', 1, 1], [0, 'b', 'b', 1, 1]]), values(profiles, { p: [0, 1] })])
    const write = entries([[0, 'a', 'new', 1, 1], [0, 'c', 'new', 1, 1]], [[0, 'b']], [[0, 100]])
    const given = await world.state.begin()
    await claimUnit(given, [], [])
    await given.rollback()

    const written = await commit(world, [], [write, values(profiles, { p: [999, 2] })])

    assert.equal(written.outcome, 'conflict')
    assert.deepEqual((await world.table(buckets)).map(({ key, value }) => `${key}=${value}`).sort(), ['a=a', 'b=b'])
  })

  stateTest('an ordered store is not projected: nothing of it is told as changed', async world => {
    await world.state.ensureStores([buckets])

    const written = await commit(world, [], [entries([[0, 'a', 'a', 1, 1]])])

    assert.deepEqual(written.outcome === 'committed' ? written.changes : written, [])
  })

  stateTest('stores are ensured any number of times, and keep what they hold', async world => {
    await Promise.all([1, 2, 3].map(async () => await world.state.ensureStores([buckets, profiles, eventLog])))
    await commit(world, [], [entries([[0, 'a', 'a', 1, 1]])])

    await world.state.ensureStores([buckets])

    assert.equal((await world.table(buckets)).length, 1)
  })

  stateTest('several stores are read in one go, in the order asked; nothing asked is nothing read', async world => {
    await commit(world, [], [lists(userHistory, { u: [0, list(1, 'a')] }), values(profiles, { p: [0, 1] })], [rows(eventLog, [event('e')], ['e'])])

    const loaded = await world.state.load([{ store: profiles, keys: ['p'] }, { store: userHistory, keys: ['u', 'none'] }, { store: eventLog, keys: ['e', 'none'] }])

    assert.deepEqual(loaded.map(({ store, found }) => [store.name, [...found.keys()]]), [['profiles', ['p']], ['user_history', ['u']], ['events', ['e']]])
    assert.deepEqual(await world.state.load([]), [])
  })

  stateTest('a unit of many keys is written whole', async world => {
    const keys = Array.from({ length: 5_000 }, (_, index) => `i${index}`)
    await commit(world, [], [add(itemPopularity, Object.fromEntries(keys.map(key => [key, 1])))])
    const written = await commit(world, [], [add(itemPopularity, Object.fromEntries(keys.map(key => [key, 2])))])

    assert.deepEqual(countsIn(written, itemPopularity), Object.fromEntries(keys.map(key => [key, 3])))
  })
}

/** What an implementation on a database promises beyond that. */
export function databaseStateContract (name: string, openState: StateFactory): void {
  const stateTest = testsOf(name, openState)

  for (const [what, broken] of [
    ['U+0000', event('a\u0000b')],
    ['a lone surrogate', event('a\ud800')],
    ['a number too large for its column', null]
  ] as const) {
    stateTest(`${what} is bad data, of which nothing remains, and the next unit goes well`, async world => {
      const position = await held(world)
      const write = broken === null ? rows(samples, [sample(1, { an_integer: 2 ** 31 })], []) : rows(eventLog, [event('good'), broken], [])
      const unit = await world.state.begin()

      await assert.rejects(claimUnit(unit, [position], [write]), isStateError('data'))

      assert.deepEqual([await world.table(eventLog), await world.state.positions([TASK])], [[], [position]])
      assert.equal((await commit(world, [position], [add(itemPopularity, { a: 1 })])).outcome, 'committed')
    })
  }

  stateTest('bad data found in the second step is bad data as well', async world => {
    await world.state.ensureStores([buckets])
    const position = await held(world)
    for (const write of [
      lists(userHistory, { u: [0, { newest: 1, entries: [{ item_id: 'a\u0000', ts: 0 }] }] }),
      values(profiles, { a: [0, { text: 'nul \u0000' }] }),
      values(profiles, { a: [0, { text: 'half \ud83d' }] }),
      add(itemPopularity, { a: 2 ** 70 }),
      entries([[0, 'a\u0100', 'no byte', 1, 1]]),
      entries([[0, 'a', 'a', 2 ** 70, 1]])
    ]) {
      const unit = await world.state.begin()
      await claimUnit(unit, [position], [])
      await assert.rejects(unit.write([write, add(itemPopularity, { b: 1 })], []), isStateError('data'))
    }

    assert.deepEqual([await world.table(itemPopularity), await world.state.positions([TASK])], [[], [position]])
  })

  stateTest('a question that no text can be is bad data', async ({ state }) => {
    await assert.rejects(state.load([{ store: eventLog, keys: ['a\u0000'] }]), isStateError('data'))
    await assert.rejects(state.load([{ store: eventLog, keys: ['\ud800'] }]), isStateError('data'))
  })

  stateTest('a missing value where the table wants one is bad data', async world => {
    const unit = await world.state.begin()

    await assert.rejects(claimUnit(unit, [], [rows(eventLog, [{ ...event('e'), item_id: null }], [])]), isStateError('data'))
  })

  stateTest('a table that is not there is fatal', async ({ state }) => {
    const missing = { ...itemPopularity, name: 'no_such_table' }
    const unit = await state.begin()
    await claimUnit(unit, [], [])

    await assert.rejects(unit.write([add(missing, { a: 1 })], []), isStateError('fatal'))
    await assert.rejects(state.load([{ store: { ...profiles, name: 'no_such_table' }, keys: ['a'] }]), isStateError('fatal'))
  })
}

export function isStateError (kind: StateError['kind']): (error: unknown) => boolean {
  return error => {
    assert.ok(error instanceof StateError, String(error))
    assert.equal(error.kind, kind, error.message)
    return true
  }
}

function testsOf (name: string, openState: StateFactory): (title: string, check: (world: StateWorld) => Promise<void>) => void {
  return (title, check) => {
    test(`${name}: ${title}`, async t => {
      const world = await openState(t)
      if (world === undefined) return
      const { state, giveUp } = watched(world.state)
      try {
        await check({ ...world, state })
      } finally {
        await giveUp()
      }
    })
  }
}

/** Remembers open units, so that a test that fails in the middle of one does not hold its tables for ever. */
function watched (state: State): { readonly state: State, readonly giveUp: () => Promise<void> } {
  const open = new Set<UnitTransaction>()
  const ends = async <T>(unit: UnitTransaction, work: Promise<T>): Promise<T> => {
    open.delete(unit)
    return await work
  }
  const endsWithError = async <T>(unit: UnitTransaction, work: Promise<T>): Promise<T> => {
    try {
      return await work
    } catch (error) {
      open.delete(unit)
      throw error
    }
  }
  return {
    state: {
      ...state,
      async begin () {
        const unit = await state.begin()
        open.add(unit)
        return {
          insert: async rows => await endsWithError(unit, unit.insert(rows)),
          claim: async (...given) => await endsWithError(unit, unit.claim(...given)),
          write: async (...given) => await ends(unit, unit.write(...given)),
          rollback: async () => await ends(unit, unit.rollback())
        }
      }
    },
    async giveUp () { for (const unit of open) await unit.rollback() }
  }
}

/** Takes the task over, for the first time. */
export async function held ({ state }: Pick<StateWorld, 'state'>): Promise<TaskPosition> {
  const [position] = await state.takeOver([{ ...TASK, offsets: { watches: 7 } }])
  assert.ok(position !== undefined)
  return position
}

export async function commit ({ state }: Pick<StateWorld, 'state'>, positions: readonly TaskPosition[], writes: readonly StoreWrite[] = [], deciding: readonly RowsWrite[] = []): Promise<Written> {
  const unit = await state.begin()
  assert.deepEqual(await claimUnit(unit, positions, deciding), { lost: [], conflicts: [] })
  return await unit.write(writes, [])
}

export function event (event_id: string, fields: Row = {}): Row {
  return { event_id, user_id: 'u', item_id: 'i', event_type: 'view', ts: 1_700_000_000_123, ...fields }
}

function sample (id: number, fields: Row = {}): Row {
  return {
    id,
    a_text: 'text',
    a_bigint: 0,
    an_integer: 0,
    a_double: 0,
    a_boolean: false,
    a_jsonb: '{}',
    a_time: 0,
    no_text: null,
    no_bigint: null,
    no_integer: null,
    no_double: null,
    no_boolean: null,
    no_jsonb: null,
    no_time: null,
    ...fields
  }
}

export function rows (store: Rows, content: readonly Row[], decided: readonly string[]): RowsWrite {
  return { kind: 'rows', store, rows: new Map(content.map(row => [joinRowKey(store, row), row])), decided }
}

export function add (store: Counter, amounts: Readonly<Record<string, number>>): StoreWrite {
  return { kind: 'counter', store, amounts: new Map(Object.entries(amounts)) }
}

export function lists (store: List, changes: Readonly<Record<string, readonly [expected: number, value: ListValue, held?: number]>>): ListWrite {
  return { kind: 'list', store, changes: new Map(Object.entries(changes).map(([key, [expected, value, held = expected]]) => [key, { expected, held, value }])) }
}

export function list (newest: number, ...items: readonly string[]): ListValue {
  return { newest, entries: items.map((item_id, index) => ({ item_id, ts: 1_000 * (newest - index) })) }
}

function values (store: Keyed, changes: Readonly<Record<string, readonly [expected: number, value: unknown]>>): KeyedWrite {
  return { kind: 'keyed', store, changes: new Map(Object.entries(changes).map(([key, [expected, value]]) => [key, { expected, value }])) }
}

type EntryList = readonly (readonly [partition: number, key: string, value: string, timestamp: number, time: number])[]

function entries (puts: EntryList, deletes: readonly (readonly [number, string])[] = [], expiries: readonly (readonly [number, number])[] = []): OrderedWrite {
  return {
    kind: 'ordered',
    store: buckets,
    puts: puts.map(([partition, key, value, timestamp, time]) => ({ partition, key, value: Buffer.from(value, 'latin1'), timestamp, time })),
    deletes: places(...deletes),
    expiries: new Map(expiries)
  }
}

function places (...keys: readonly (readonly [number, string])[]): OrderedKey[] {
  return keys.map(([partition, key]) => ({ partition, key }))
}

/** In short; what was left out behind a limit is said. */
function entriesIn (loaded: Loaded | undefined): { readonly found: readonly string[], readonly ranges: readonly (readonly string[])[] } {
  assert.ok(loaded !== undefined && 'ranges' in loaded)
  const { found, ranges } = loaded
  return {
    found: found.map(({ partition, key, value, timestamp, time }) => `${partition} ${key}=${value.toString('latin1')} ${timestamp} ${time}`).sort(),
    ranges: ranges.map(({ entries, isWhole }) => [...entries.map(({ key }) => key), ...isWhole ? [] : ['and more']])
  }
}

function countsIn (written: Written, store: Store): Record<string, number> {
  const change = written.outcome === 'committed' ? written.changes.find(each => each.store === store) : undefined
  return Object.fromEntries(change?.kind === 'counter' ? change.counts : [])
}

function versionIn (written: Written, key: string): number {
  const change = written.outcome === 'committed' ? written.changes.find(({ kind }) => kind === 'keyed') : undefined
  return (change?.kind === 'keyed' ? change.values.get(key)?.version : undefined) ?? -1
}

function valuesIn (loaded: Loaded | undefined): Record<string, object> {
  return Object.fromEntries(loaded?.found instanceof Map ? loaded.found : [])
}

async function sorted (world: StateWorld, store: Store, by: string): Promise<Row[]> {
  return (await world.table(store)).toSorted((a, b) => Number(a[by]) - Number(b[by]))
}
