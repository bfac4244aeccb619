import assert from 'node:assert/strict'
import { test } from 'node:test'
import { counting, tableAggregate, type TableAggregation } from '../../../../streams/graph/operators/table-aggregate.ts'
import { tableGroupBy, type TableGroupBy } from '../../../../streams/graph/operators/table-group-by.ts'
import { tableReduce } from '../../../../streams/graph/operators/table-reduce.ts'
import { storedValues } from '../../../../streams/graph/operators/table-store.ts'
import { text } from '../../../../streams/serdes/text.ts'
import { openTablePlay, stored, type Pipe, type Seen } from '../../../helpers/table-play.ts'

type Mapper<V> = TableGroupBy<string, string, string, V>['mapper']
type Step = readonly [key: string, value: string | null, timestamp: number, ...out: readonly (readonly [key: string, value: unknown, timestamp: number])[]]

const concat: TableAggregation<string, string, string> = {
  initializer: () => '0',
  adder: (aggregate, value) => `${aggregate}+${value}`,
  subtractor: (aggregate, value) => `${aggregate}-${value}`
}

function openAggregate<V, A> (mapper: Mapper<V>, aggregation: TableAggregation<string, V, A>, { caching = false, sendsOldValues = false, historyRetentionMs = undefined }: {
  readonly caching?: boolean, readonly sendsOldValues?: boolean, readonly historyRetentionMs?: number | undefined
} = {}): { readonly pipe: Pipe<string, string>, readonly valueOf: (group: string) => A | undefined } {
  const play = openTablePlay()
  const materialization = stored<A>('aggregates', { caching })
  const out = sendsOldValues ? play.captureChange<A>('out') : play.captureNew<A>('out')
  const aggregate = tableAggregate({ ...aggregation, materialization, sendsOldValues: () => sendsOldValues })(play.execution, play.node('agg'), out)
  const groupBy = tableGroupBy<string, string, string, V>({ mapper, key: text, versionedInput: historyRetentionMs !== undefined })(play.execution, play.node('g'), aggregate)
  const source = stored('t', historyRetentionMs === undefined ? {} : { historyRetentionMs })
  return {
    pipe: play.table('t', groupBy, { materialization: source, sendsOldValues: true }),
    valueOf: group => storedValues(materialization.store).open(play.execution).get(group)?.value
  }
}

function check (pipe: Pipe<string, string>, steps: readonly Step[]): void {
  for (const [key, value, timestamp, ...out] of steps) {
    const expected: Seen[] = out.map(each => ['out', ...each])
    assert.deepEqual(pipe(key, value, timestamp), expected, `${key}: ${value} at ${timestamp}`)
  }
}

test('an aggregate gives up the old value, takes the new one and hands on one result, of the latest time', () => {
  const { pipe } = openAggregate((value, key) => [key, value], concat)

  check(pipe, [
    ['A', '1', 10, ['A', '0+1', 10]], ['B', '2', 15, ['B', '0+2', 15]], ['A', '3', 20, ['A', '0+1-1+3', 20]], ['B', '4', 18, ['B', '0+2-2+4', 18]],
    ['C', '5', 5, ['C', '0+5', 5]], ['D', '6', 25, ['D', '0+6', 25]], ['B', '7', 15, ['B', '0+2-2+4-4+7', 18]], ['C', '8', 10, ['C', '0+5-5+8', 10]]
  ])
})

test('a row that moves leaves its old group first; a row without a group counts nowhere', () => {
  const { pipe } = openAggregate(value => value === '3' ? [null, value] : value === '5' ? null : [value, value], concat)

  check(pipe, [
    ['A', '1', 10, ['1', '0+1', 10]], ['A', null, 15, ['1', '0+1-1', 15]], ['A', '1', 12, ['1', '0+1-1+1', 15]], ['B', '2', 20, ['2', '0+2', 20]],
    ['n', '3', 25], ['B', '4', 23, ['2', '0+2-2', 23], ['4', '0+4', 23]], ['N', '5', 24], ['B', '7', 22, ['4', '0+4-4', 23], ['7', '0+7', 22]]
  ])
})

test('in one group the old value goes before the new one comes', () => {
  const { pipe } = openAggregate((value, key) => [key.slice(0, 1), key.slice(1, 2)], {
    initializer: () => '', adder: (aggregate, value) => aggregate + value, subtractor: (aggregate, value) => aggregate.replace(value, '')
  })

  check(pipe, [
    ['11', 'A', 10, ['1', '1', 10]], ['12', 'B', 8, ['1', '12', 10]], ['11', null, 12, ['1', '2', 12]], ['12', 'C', 6, ['1', '2', 12]]
  ])
})

test('a group that is empty stays, with what the subtractor left', () => {
  const { pipe } = openAggregate<number, number>((value, key) => [value, key.length], {
    initializer: () => 0, adder: (sum, value) => sum + value, subtractor: (sum, value) => sum - value
  })

  check(pipe, [
    ['alice', 'E', 1, ['E', 5, 1]], ['bob', 'A', 2, ['A', 3, 2]], ['charlie', 'A', 3, ['A', 10, 3]], ['alice', 'A', 4, ['E', 0, 4], ['A', 15, 4]],
    ['charlie', null, 5, ['A', 8, 5]], ['bob', 'E', 7, ['A', 5, 7], ['E', 3, 7]]
  ])
})

test('a grouped table is counted', () => {
  const { pipe } = openAggregate<string, number>(value => [value, value], counting)

  check(pipe, [
    ['A', 'green', 10, ['green', 1, 10]], ['B', 'green', 9, ['green', 2, 10]], ['A', 'blue', 12, ['green', 1, 12], ['blue', 1, 12]],
    ['C', 'yellow', 15, ['yellow', 1, 15]], ['D', 'green', 11, ['green', 2, 12]]
  ])
})

test('an aggregate sends old values where somebody asks for them, with and without a cache', () => {
  for (const caching of [false, true]) {
    const { pipe } = openAggregate<string, number>(value => [value, value], counting, { caching, sendsOldValues: true })

    check(pipe, [['A', 'g', 1, ['g', [1, null], 1]], ['B', 'g', 2, ['g', [2, 1], 2]], ['B', null, 3, ['g', [1, 2], 3]]])
  }
})

test('a late row of a versioned table changes no group', () => {
  const { pipe, valueOf } = openAggregate<string, number>(value => [value, value], counting, { historyRetentionMs: 100 })

  check(pipe, [['A', 'g', 10, ['g', 1, 10]], ['A', 'h', 5], ['A', 'h', 12, ['g', 0, 12], ['h', 1, 12]]])
  assert.equal(valueOf('h'), 1)
})

test('groups are compared by their bytes', () => {
  const play = openTablePlay()
  const key = { name: 'id', decode: (bytes: Buffer) => ({ id: bytes.toString() }), encode: ({ id }: { readonly id: string }) => Buffer.from(id) }
  const groupBy = tableGroupBy<string, string, { readonly id: string }, string>({ mapper: value => [{ id: value.slice(0, 1) }, value], key, versionedInput: false })(
    play.execution, play.node('g'), play.captureChange('out')
  )
  const pipe = play.table('t', groupBy, { materialization: stored('t'), sendsOldValues: true })

  pipe('a', 'x1', 1)
  assert.deepEqual(pipe('a', 'x2', 2), [['out', { id: 'x' }, ['x2', 'x1'], 2]])
  assert.deepEqual(pipe('a', 'y2', 3), [['out', { id: 'x' }, [null, 'x2'], 3], ['out', { id: 'y' }, ['y2', null], 3]])
})

test('a reduced group begins with the value that comes, at first and where the subtractor left nothing', () => {
  const play = openTablePlay()
  const reduce = tableReduce<string, string>({
    adder: (aggregate, value) => `${aggregate}+${value}`,
    subtractor: (aggregate, value) => aggregate === value ? null : `${aggregate}-${value}`,
    materialization: stored('r'),
    sendsOldValues: () => true
  })(play.execution, play.node('r'), play.captureChange('out'))
  const groupBy = tableGroupBy<string, string, string, string>({ mapper: value => ['all', value], key: text, versionedInput: false })(play.execution, play.node('g'), reduce)
  const pipe = play.table('t', groupBy, { materialization: stored('t'), sendsOldValues: true })

  assert.deepEqual(pipe('A', '1', 10), [['out', 'all', ['1', null], 10]])
  assert.deepEqual(pipe('B', '2', 8), [['out', 'all', ['1+2', '1'], 10]])
  assert.deepEqual(pipe('A', '3', 9), [['out', 'all', ['1+2-1+3', '1+2'], 10]])
  assert.deepEqual(pipe('B', null, 12), [['out', 'all', ['1+2-1+3-2', '1+2-1+3'], 12]])
  reduce({ key: 'one', value: { newValue: 'x', oldValue: null, isLatest: true }, timestamp: 5, headers: [] })
  reduce({ key: 'one', value: { newValue: 'y', oldValue: 'x', isLatest: true }, timestamp: 3, headers: [] })
  assert.deepEqual(storedValues(stored('r').store).open(play.execution).get('one'), { key: 'one', value: 'y', timestamp: 5, time: 5 })
})
