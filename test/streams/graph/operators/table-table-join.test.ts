import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Change } from '../../../../streams/graph/change.ts'
import { tableJoinMerge } from '../../../../streams/graph/operators/table-join-merge.ts'
import { storedValues } from '../../../../streams/graph/operators/table-store.ts'
import { joinedValues, joinLeft, joinRight, type JoinKind, type TableTableJoin } from '../../../../streams/graph/operators/table-table-join.ts'
import type { Forward } from '../../../../streams/graph/record.ts'
import { openTablePlay, stored, type Pipe } from '../../../helpers/table-play.ts'

type Side = 'L' | 'R'
type Step = readonly [side: Side, value: string | null, timestamp: number, ...out: readonly (readonly [value: unknown, timestamp: number])[]]
type Play = ReturnType<typeof openTablePlay>

const dash = (left: string | null, right: string | null): string => `${left}-${right}`
const history = 300_000

/** Wires a join in front of `forward`; answers with the inputs of its two sides. */
function join (
  { execution, node }: Play, name: string, definition: TableTableJoin<string, string, string, string>, forward: Forward<string, Change<string>>,
  { sendsOldValues = false, leftVersioned = false, rightVersioned = false, isStored = false } = {}
) {
  const sends = () => sendsOldValues
  const merge = tableJoinMerge({ materialization: isStored ? stored(name) : undefined, sendsOldValues: sends })(execution, node(name), forward)
  return {
    fromLeft: joinLeft(definition, { sendsOldValues: sends, versionedInput: leftVersioned })(execution, node(`${name}-this`), merge),
    fromRight: joinRight(definition, { sendsOldValues: sends, versionedInput: rightVersioned })(execution, node(`${name}-other`), merge)
  }
}

function openJoin (kind: JoinKind, { sendsOldValues = false, leftVersioned = false, rightVersioned = false, isStored = true } = {}) {
  const play = openTablePlay()
  const left = stored('left', leftVersioned ? { historyRetentionMs: history } : {})
  const right = stored('right', rightVersioned ? { historyRetentionMs: history } : {})
  const definition = { kind, left: storedValues(left.store), right: storedValues(right.store), joiner: dash }
  const out = sendsOldValues ? play.captureChange<string>('out') : play.captureNew<string>('out')
  const { fromLeft, fromRight } = join(play, 'joined', definition, out, { sendsOldValues, leftVersioned, rightVersioned, isStored })
  const L = play.table('left', fromLeft, { materialization: left, sendsOldValues: sendsOldValues || kind !== 'inner' })
  const R = play.table('right', fromRight, { materialization: right, sendsOldValues: sendsOldValues || kind === 'outer' })
  return { L, R, dropped: play.dropped, values: joinedValues(definition).open(play.execution) }
}

function check (inputs: Readonly<Record<Side, Pipe<string, string>>>, steps: readonly Step[]): void {
  for (const [side, value, timestamp, ...out] of steps) {
    assert.deepEqual(inputs[side]('k', value, timestamp).map(([, , seen, at]) => [seen, at]), out, `${side} ${value} at ${timestamp}`)
  }
}

test('an inner join gives a row while both tables have one', () => {
  check(openJoin('inner'), [
    ['L', null, 1], ['R', null, 2], ['L', 'A', 3], ['R', 'a', 4, ['A-a', 4]], ['L', 'B', 5, ['B-a', 5]], ['R', 'b', 6, ['B-b', 6]], ['L', null, 7, [null, 7]],
    ['R', null, 8], ['L', 'C', 9], ['R', 'c', 10, ['C-c', 10]], ['R', null, 11, [null, 11]], ['L', null, 12], ['R', null, 13], ['R', 'd', 14], ['L', 'D', 15, ['D-d', 15]]
  ])
})

test('a left join gives a row while the left table has one', () => {
  check(openJoin('left'), [
    ['L', null, 1], ['R', null, 2], ['L', 'A', 3, ['A-null', 3]], ['R', 'a', 4, ['A-a', 4]], ['L', 'B', 5, ['B-a', 5]], ['R', 'b', 6, ['B-b', 6]],
    ['L', null, 7, [null, 7]], ['R', null, 8], ['L', 'C', 9, ['C-null', 9]], ['R', 'c', 10, ['C-c', 10]], ['R', null, 11, ['C-null', 11]],
    ['L', null, 12, [null, 12]], ['R', null, 13], ['R', 'd', 14], ['L', 'D', 15, ['D-d', 15]]
  ])
})

const outOfOrder: readonly Step[] = [
  ['L', null, 1], ['R', null, 2], ['L', 'A', 3, ['A-null', 3]], ['R', 'a', 4, ['A-a', 4]], ['L', 'B', 5, ['B-a', 5]], ['R', 'b', 6, ['B-b', 6]],
  ['L', null, 7, ['null-b', 7]], ['R', null, 8, [null, 8]], ['L', 'C', 9, ['C-null', 9]], ['R', 'c', 10, ['C-c', 10]], ['R', null, 11, ['C-null', 11]],
  ['L', null, 12, [null, 12]], ['R', null, 13]
]

test('an outer join gives a row while one table has one; late records overwrite', () => {
  check(openJoin('outer'), [
    ...outOfOrder,
    ['R', 'd', 7, ['null-d', 7]], ['L', 'D', 6, ['D-d', 7]], ['L', null, 2, ['null-d', 7]], ['R', null, 3, [null, 3]], ['R', 'e', 14, ['null-e', 14]],
    ['L', 'E', 15, ['E-e', 15]], ['L', null, 10, ['null-e', 14]], ['R', null, 9, [null, 9]], ['L', 'F', 4, ['F-null', 4]], ['R', 'f', 3, ['F-f', 4]]
  ])
})

test('late records of versioned tables join nothing, and are counted', () => {
  const { dropped, ...inputs } = openJoin('outer', { leftVersioned: true, rightVersioned: true })
  check(inputs, [
    ...outOfOrder,
    ['R', 'd', 7], ['L', 'D', 6], ['L', null, 2], ['R', null, 3], ['R', 'e', 14, ['null-e', 14]], ['L', 'E', 15, ['E-e', 15]], ['L', null, 10],
    ['R', null, 9], ['L', 'F', 4], ['R', 'f', 3]
  ])

  assert.deepEqual(dropped, Array.from({ length: 8 }, () => 'out-of-order'))
})

test('with versions on one side only that side ignores what is late', () => {
  check(openJoin('inner', { rightVersioned: true }), [
    ['L', 'A', 3], ['R', 'a', 4, ['A-a', 4]], ['R', null, 11, [null, 11]], ['L', null, 12], ['R', null, 13], ['R', 'd', 7], ['L', 'D', 6], ['L', null, 2],
    ['R', null, 3], ['R', 'e', 14], ['L', 'E', 15, ['E-e', 15]], ['L', null, 10, [null, 14]], ['R', null, 9], ['L', 'F', 4, ['F-e', 14]], ['R', 'f', 3]
  ])
})

test('a record without a key joins nothing, and is counted', () => {
  const { L, dropped } = openJoin('outer')

  assert.deepEqual(L(null, 'A', 1), [])
  assert.deepEqual(dropped, ['null-key'])
})

for (const isStored of [true, false]) {
  test(`old values of a join that has ${isStored ? 'a' : 'no'} store say what it gave before`, () => {
    check(openJoin('inner', { sendsOldValues: true, isStored }), [
      ['L', 'A', 1], ['R', 'a', 2, [['A-a', null], 2]], ['L', 'B', 3, [['B-a', 'A-a'], 3]], ['R', 'b', 4, [['B-b', 'B-a'], 4]], ['L', null, 5, [[null, 'B-b'], 5]]
    ])
    check(openJoin('left', { sendsOldValues: true, isStored }), [
      ['L', 'A', 1, [['A-null', null], 1]], ['R', 'a', 2, [['A-a', 'A-null'], 2]], ['R', null, 3, [['A-null', 'A-a'], 3]], ['L', null, 4, [[null, 'A-null'], 4]]
    ])
    check(openJoin('outer', { sendsOldValues: true, isStored }), [
      ['L', 'A', 1, [['A-null', null], 1]], ['R', 'a', 2, [['A-a', 'A-null'], 2]], ['L', null, 3, [['null-a', 'A-a'], 3]], ['R', null, 4, [[null, 'null-a'], 4]]
    ])
  })
}

test('a join without a store is read through its tables', () => {
  const reads = { inner: [undefined, { value: 'A-a', timestamp: 9 }, undefined], left: [{ value: 'A-null', timestamp: 5 }, { value: 'A-a', timestamp: 9 }, undefined], outer: [{ value: 'A-null', timestamp: 5 }, { value: 'A-a', timestamp: 9 }, { value: 'null-a', timestamp: 9 }] }
  for (const kind of ['inner', 'left', 'outer'] as const) {
    const { L, R, values } = openJoin(kind, { isStored: false })
    assert.equal(values.get('k'), undefined)

    L('k', 'A', 5)
    assert.deepEqual(values.get('k'), reads[kind][0], kind)
    R('k', 'a', 9)
    assert.deepEqual(values.get('k'), reads[kind][1], kind)
    L('k', null, 11)
    assert.deepEqual(values.get('k'), reads[kind][2], kind)
  }
})

/** Joins a join with one of its own tables again. */
function openJoinOfJoin (first: JoinKind) {
  const play = openTablePlay()
  const left = stored('left')
  const right = stored('right')
  const rights = storedValues(right.store)
  const inner = { kind: first, left: storedValues(left.store), right: rights, joiner: dash }
  const outer = { kind: 'inner' as const, left: joinedValues(inner), right: rights, joiner: dash }
  const second = join(play, 'second', outer, play.captureNew<string>('out'), { isStored: true })
  const one = join(play, 'first', inner, second.fromLeft)
  return {
    L: play.table('left', one.fromLeft, { materialization: left, sendsOldValues: first !== 'inner' }),
    R: play.table('right', record => { one.fromRight(record); second.fromRight(record) }, { materialization: right })
  }
}

test('a join of an inner join follows each way through the graph', () => {
  check(openJoinOfJoin('inner'), [
    ['L', null, 1], ['R', null, 2], ['L', 'A', 3], ['R', 'a', 4, ['A-a-a', 4], ['A-a-a', 4]], ['L', 'B', 5, ['B-a-a', 5]], ['R', 'b', 6, ['B-b-b', 6], ['B-b-b', 6]],
    ['L', null, 7, [null, 7]], ['R', null, 8], ['L', 'C', 9], ['R', 'c', 10, ['C-c-c', 10], ['C-c-c', 10]], ['R', null, 11], ['L', null, 12], ['R', null, 13],
    ['R', 'd', 14], ['L', 'D', 15, ['D-d-d', 15]]
  ])
})

test('a join of a left join is told when the right table loses its row', () => {
  check(openJoinOfJoin('left'), [
    ['L', null, 1], ['R', null, 2], ['L', 'A', 3], ['R', 'a', 4, ['A-a-a', 4], ['A-a-a', 4]], ['L', 'B', 5, ['B-a-a', 5]], ['R', 'b', 6, ['B-b-b', 6], ['B-b-b', 6]],
    ['L', null, 7, [null, 7]], ['R', null, 8], ['L', 'C', 9], ['R', 'c', 10, ['C-c-c', 10], ['C-c-c', 10]], ['R', null, 11, [null, 11]], ['L', null, 12], ['R', null, 13],
    ['R', 'd', 14], ['L', 'D', 15, ['D-d-d', 15]]
  ])
})
