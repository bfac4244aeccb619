import { deepEqual } from 'node:assert/strict'
import { test } from 'node:test'
import type { JoinBounds } from '../../../../streams/stores/join-window.ts'
import { benchJoin, type Kind, type Out } from '../../../helpers/stream-joins.ts'

type Step = readonly [input: 'L' | 'R', key: string | null, value: string | null, timestamp: number, ...out: Out[]]

const within = (differenceMs: number, graceMs = 0, bounds: Partial<JoinBounds> = {}) => ({ beforeMs: differenceMs, afterMs: differenceMs, graceMs, ...bounds })

/** Pipes the steps and compares what came out of each; gives the reasons of what was dropped. */
function play (kind: Kind, bounds: JoinBounds, steps: readonly Step[]): readonly string[] {
  const { bench, pipe } = benchJoin(kind, bounds)
  for (const [input, key, value, timestamp, ...out] of steps) {
    deepEqual(pipe(input === 'L' ? 'left' : 'right', key, value, timestamp), out, `${input} ${key}=${value}@${timestamp}`)
  }
  return bench.dropped
}

test('a record joins every record of the other side within the bounds, both ends included, in the order of their time', () => {
  play('join', within(100, 500), [
    ['L', 'k', 'A', 1_000],
    ['R', 'k', 'too early', 899],
    ['R', 'k', 'a', 900, ['k', 'A+a', 1_000]],
    ['R', 'k', 'b', 1_100, ['k', 'A+b', 1_100]],
    ['R', 'k', 'too late', 1_101],
    ['L', 'k', 'B', 1_000, ['k', 'B+a', 1_000], ['k', 'B+b', 1_100]],
    ['L', 'other', 'C', 1_000]
  ])
})

test('`before` and `after` are the view of the left side; the right side looks the other way', () => {
  play('join', within(0, 1_000, { beforeMs: 10, afterMs: 30 }), [
    ['R', 'k', 'r@89', 89], ['R', 'k', 'r@90', 90], ['R', 'k', 'r@130', 130], ['R', 'k', 'r@131', 131],
    ['L', 'k', 'l@100', 100, ['k', 'l@100+r@90', 100], ['k', 'l@100+r@130', 130]],
    ['L', 'k', 'l@200', 200],
    ['R', 'k', 'r@189', 189],
    ['R', 'k', 'r@190', 190, ['k', 'l@200+r@190', 200]],
    ['R', 'k', 'r@230', 230, ['k', 'l@200+r@230', 230]],
    ['R', 'k', 'r@231', 231]
  ])
})

test('how long a record can be joined is the whole window and the grace, counted from the newest record of its own side', () => {
  play('join', within(10, 5), [
    ['L', 'k', 'A', 75],
    ['L', 'k', 'newest', 100],
    ['R', 'k', 'a', 75]
  ])
  play('join', within(10, 5), [
    ['L', 'k', 'A', 75],
    ['R', 'k', 'newest of the other side', 100],
    ['R', 'k', 'a', 75, ['k', 'A+a', 75]]
  ])
})

test('nothing without a key or a value joins, and both are counted', () => {
  deepEqual(play('join', within(10), [['L', null, 'A', 1], ['L', 'k', null, 1], ['R', null, null, 1], ['R', 'k', 'a', 1]]), ['null-key', 'null-value', 'null-value'])
})

test('a left join gives out a left record alone when the time is past its window and grace, and not at their end', () => {
  play('leftJoin', within(15, 5), [
    ['L', 'k', 'E', 40],
    ['L', 'k', 'F', 60],
    ['R', 'k', 'f', 80, ['k', 'E+null', 40]],
    ['L', 'k', 'G', 100, ['k', 'F+null', 60]]
  ])
})

test('a match keeps a left record from coming out alone, also one of several of its key and time', () => {
  play('leftJoin', within(100, 10), [
    ['L', '0', 'A', 0], ['L', '0', 'B', 0],
    ['R', '1', 'a', 111, ['0', 'A+null', 0], ['0', 'B+null', 0]],
    ['L', '2', 'A', 1_000], ['L', '2', 'B', 1_000],
    ['R', '2', 'a', 1_001, ['2', 'A+a', 1_001], ['2', 'B+a', 1_001]],
    ['L', '3', 'newest', 5_000]
  ])
})

test('right records of a left join never come out alone', () => {
  deepEqual(play('leftJoin', within(10), [['R', 'k', 'a', 0], ['R', 'k', 'b', 100], ['L', 'k', 'A', 1_000], ['L', 'k', 'B', 2_000, ['k', 'A+null', 1_000]]]), [])
})

test('an outer join gives out both sides alone, whichever side moves the time', () => {
  play('outerJoin', within(100), [
    ['R', '0', 'a', 1], ['R', '1', 'b', 2], ['R', '0', 'c', 3],
    ['L', '1', 'B', 3, ['1', 'B+b', 3]],
    ['L', '2', 'D', 401, ['0', 'null+a', 1], ['0', 'null+c', 3]],
    ['R', '2', 'd', 402, ['2', 'D+d', 402]]
  ])
})

test('an outer join waits on each side for its own bound', () => {
  play('outerJoin', within(100, 0, { beforeMs: 0 }), [
    ['L', '0', 'A', 0], ['L', '1', 'B', 1],
    ['R', '0', 'a', 100, ['0', 'A+a', 100]],
    ['R', '1', 'b', 102, ['1', 'B+null', 1]],
    ['R', '2', 'c', 103, ['1', 'null+b', 102]],
    ['L', '2', 'C', 103, ['2', 'C+c', 103]]
  ])
  play('outerJoin', within(100, 0, { afterMs: 0 }), [
    ['L', '0', 'A', 0],
    ['L', '1', 'B', 1, ['0', 'A+null', 0]],
    ['R', '1', 'b', 1, ['1', 'B+b', 1]],
    ['R', '2', 'c', 101], ['R', '3', 'd', 101],
    ['L', '2', 'C', 201, ['2', 'C+c', 201]]
  ])
})

test('what waited in vain comes out before the joins of the record that ended its waiting', () => {
  play('outerJoin', within(100), [['L', '0', 'A', 0], ['L', '1', 'B', 100], ['R', '1', 'b', 110, ['0', 'A+null', 0], ['1', 'B+b', 110]]])
})

test('a record that comes too late to be matched by what is to come comes out at once', () => {
  play('leftJoin', within(10, 50), [
    ['R', 'x', 'a', 100],
    ['L', 'k', 'waits', 90],
    ['L', 'k', 'does not', 89, ['k', 'does not+null', 89]]
  ])
})

test('only a record of the newest time gives out what waited', () => {
  play('leftJoin', within(10), [
    ['L', 'k', 'A', 0],
    ['R', null, 'a', 100],
    ['R', 'x', 'late', 99],
    ['R', 'x', 'newest', 100, ['k', 'A+null', 0]]
  ])
})

test('a record without a key comes out at once where its side may come out alone, and is dropped elsewhere', () => {
  deepEqual(play('leftJoin', within(10), [['L', null, 'A', 1, [null, 'A+null', 1]], ['R', null, 'a', 1]]), ['null-key'])
  deepEqual(play('outerJoin', within(10), [['L', null, 'A', 1, [null, 'A+null', 1]], ['R', null, 'a', 1, [null, 'null+a', 1]], ['L', null, null, 1]]), ['null-value'])
})

test('waiting records are looked at again when the window of the one at which the last look ended is over, as in Kafka Streams', () => {
  play('leftJoin', within(100), [
    ['L', '0', 'A', 0], ['L', '1', 'B', 50], ['L', '2', 'C', 90],
    ['R', 'x', 'a', 101, ['0', 'A+null', 0]],
    ['R', 'x', 'b', 190],
    ['R', 'x', 'c', 191, ['1', 'B+null', 50], ['2', 'C+null', 90]]
  ])
})

test('a look of an outer join ends at the second of two waiting records of one key and time, where the first is the last side found open', () => {
  const bounds = within(0, 7, { beforeMs: 1 })
  play('outerJoin', bounds, [
    ['R', 'k', 'a', 30], ['L', 'k', 'A', 34], ['L', 'k', 'B', 34], ['L', 'k', 'C', 35],
    ['L', 'k', 'looks', 38],
    ['L', 'k', 'looks again', 42, ['k', 'null+a', 30], ['k', 'A+null', 34], ['k', 'B+null', 34]]
  ])
  play('outerJoin', bounds, [
    ['R', 'k', 'a', 30], ['L', 'k', 'A', 34], ['L', 'k', 'C', 35],
    ['L', 'k', 'looks', 38],
    ['L', 'k', 'does not look', 42]
  ])
})

test('every result carries the headers of the record that made it come out', () => {
  const { pipe } = benchJoin('leftJoin', within(10), (left, right, key) => `${key}: ${left}+${right}`)
  pipe('left', 'k', 'A', 0, [['waited', null]])
  pipe('right', 'j', 'b', 10, [['matched', null]])

  deepEqual(pipe('left', 'j', 'B', 11, [['mover', null]]), [['k', 'k: A+null', 0, 'mover'], ['j', 'j: B+b', 11, 'mover']])
})
