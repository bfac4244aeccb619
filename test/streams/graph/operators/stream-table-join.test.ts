import { deepEqual, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { streamTableGraceJoin } from '../../../../streams/graph/operators/stream-table-grace-join.ts'
import { streamTableJoin } from '../../../../streams/graph/operators/stream-table-join.ts'
import { text } from '../../../../streams/serdes/text.ts'
import type { ValueAndTimestamp, ValueGetterSupplier } from '../../../../streams/graph/value-getter.ts'
import { defineGraceBuffer } from '../../../../streams/stores/grace-buffer.ts'
import { openOperatorBench } from '../../../helpers/operator.ts'
import { collector, plus, wire } from '../../../helpers/stream-joins.ts'

/** A table in a map; every version of a row in the order of its time. */
function openTable ({ versioned = false } = {}) {
  const rows = new Map<string, ValueAndTimestamp<string>[]>()
  const table: ValueGetterSupplier<string, string> = {
    stores: [],
    open: () => ({
      get: key => rows.get(key)?.at(-1),
      getAsOf: versioned ? (key, asOf) => rows.get(key)?.filter(({ timestamp }) => timestamp <= asOf).at(-1) : undefined
    })
  }
  return { table, set: (key: string, value: string, timestamp = 0) => rows.set(key, [...rows.get(key) ?? [], { value, timestamp }].sort((a, b) => a.timestamp - b.timestamp)) }
}

const ownKey = (key: string | null) => key

function benchTableJoin (options: { readonly left?: boolean, readonly keyOf?: (key: string | null, value: string) => string | null, readonly graceMs?: number, readonly versioned?: boolean }) {
  const { left = false, keyOf = ownKey, graceMs, versioned = false } = options
  const bench = openOperatorBench()
  const { table, set } = openTable({ versioned })
  const { capture, collected } = collector()
  const join = { table, keyOf, joiner: plus, left }
  const wired = graceMs === undefined
    ? streamTableJoin(join)
    : streamTableGraceJoin({ ...join, graceMs, buffer: defineGraceBuffer({ name: 'Grace-Buffer', key: text, value: text }) })
  const input = wire(bench, wired, 'join', capture)
  return {
    bench,
    set,
    pipe (key: string | null, value: string | null, timestamp: number, headers: readonly (readonly [string, null])[] = []) {
      bench.run(() => input({ key, value, timestamp, headers }), { key, value, timestamp })
      return collected()
    }
  }
}

test('a record is joined with the row of now, and carries its own time', () => {
  const { set, pipe } = benchTableJoin({})
  deepEqual(pipe('k', 'X', 5), [])
  set('k', 'Y', 100)

  deepEqual(pipe('k', 'X', 5), [['k', 'X+Y', 5]])
})

test('a versioned table is asked for the row of the record\'s time', () => {
  const { set, pipe } = benchTableJoin({ versioned: true })
  set('k', 'old', 10)
  set('k', 'new', 20)

  deepEqual([9, 10, 19, 20].flatMap(timestamp => pipe('k', 'X', timestamp)), [['k', 'X+old', 10], ['k', 'X+old', 19], ['k', 'X+new', 20]])
})

test('a left join keeps what has no row, and what has no key', () => {
  const { bench, pipe } = benchTableJoin({ left: true })

  deepEqual(pipe('k', 'X', 1), [['k', 'X+null', 1]])
  deepEqual(pipe(null, 'X', 2), [[null, 'X+null', 2]])
  deepEqual(bench.dropped, [])
})

test('an inner join counts what has no key or value, a left join what has no value', () => {
  const inner = benchTableJoin({})
  const left = benchTableJoin({ left: true })
  for (const { pipe } of [inner, left]) {
    pipe(null, 'X', 1)
    pipe('k', null, 2)
    pipe(null, null, 3)
  }

  deepEqual(inner.bench.dropped, ['null-key', 'null-value', 'null-value'])
  deepEqual(left.bench.dropped, ['null-value', 'null-value'])
})

test('a global table is asked for the key that is made of the record, which may have none of its own', () => {
  const keyOf = (_key: string | null, value: string) => value.split(',')[1] ?? null
  for (const left of [false, true]) {
    const { set, pipe } = benchTableJoin({ keyOf, left })
    set('F', 'Y')

    deepEqual(pipe('k', 'X,F', 1), [['k', 'X,F+Y', 1]])
    deepEqual(pipe(null, 'X,F', 2), [[null, 'X,F+Y', 2]])
  }
})

test('a record of which no key of the global table is made is dropped, in a left join only if it has a key of its own', () => {
  const inner = benchTableJoin({ keyOf: () => null })
  const left = benchTableJoin({ keyOf: () => null, left: true })

  deepEqual([...inner.pipe('k', 'X', 1), ...inner.pipe(null, 'X', 1)], [])
  deepEqual([...left.pipe('k', 'X', 1), ...left.pipe(null, 'X', 1)], [[null, 'X+null', 1]])
  deepEqual(inner.bench.dropped, ['null-key', 'null-key'])
  deepEqual(left.bench.dropped, ['null-key'])
})

test('with grace a record waits until its side is that far ahead, and is then joined as of its own time', () => {
  const { set, pipe } = benchTableJoin({ graceMs: 2, versioned: true })
  set('a', 'A0', 0)
  set('b', 'B0', 0)
  deepEqual(pipe('a', 'X', 0), [])
  deepEqual(pipe('b', 'X', 1), [])
  set('a', 'too new', 1)

  deepEqual(pipe('a', 'X', 2), [['a', 'X+A0', 0]])
  set('b', 'late row', 0.5)
  deepEqual(pipe('c', 'X', 7), [['b', 'X+late row', 1], ['a', 'X+too new', 2]])
})

test('records that are due at once come out by time, key, and as they came', () => {
  const { pipe } = benchTableJoin({ graceMs: 5, left: true, versioned: true })
  for (const [key, value, timestamp] of [['b', '1', 3], ['a', '2', 3], ['ab', '3', 3], ['a', '4', 3], ['z', '5', 1]] as const) pipe(key, value, timestamp)

  deepEqual(pipe('x', 'newest', 8).map(([, value]) => value), ['5+null', '2+null', '4+null', '3+null', '1+null'])
})

test('a record that is later than grace is joined at once, and leaves the others waiting', () => {
  const { set, pipe } = benchTableJoin({ graceMs: 2, versioned: true })
  set('k', 'Y', 0)
  pipe('k', 'newest', 10)

  deepEqual(pipe('k', 'late', 7), [['k', 'late+Y', 7]])
  deepEqual(pipe('k', 'just in time', 8), [['k', 'just in time+Y', 8]])
})

test('a record that waited keeps its headers; one without a key does not wait', () => {
  const { pipe } = benchTableJoin({ graceMs: 2, left: true, versioned: true })
  pipe('k', 'X', 0, [['waited', null]])

  deepEqual(pipe(null, 'Z', 5), [[null, 'Z+null', 5]])
  deepEqual(pipe('k', 'mover', 5, [['mover', null]]), [['k', 'X+null', 0, 'waited']])
})

test('a join with grace refuses a table that keeps no versions', () => {
  throws(() => benchTableJoin({ graceMs: 2 }), /must keep versions/)
})
