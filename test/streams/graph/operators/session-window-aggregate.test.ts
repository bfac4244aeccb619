import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { counting } from '../../../../streams/graph/operators/counting.ts'
import { reducing } from '../../../../streams/graph/operators/reducing.ts'
import { sessionWindowAggregate } from '../../../../streams/graph/operators/session-window-aggregate.ts'
import type { EmitStrategy } from '../../../../streams/graph/operators/window-emission.ts'
import { text } from '../../../../streams/serdes/text.ts'
import { defineSessionStore } from '../../../../streams/stores/session-store.ts'
import { retentionOf } from '../../../../streams/windows/retention.ts'
import { sessionWindows } from '../../../../streams/windows/session-windows.ts'
import { openOperatorBench } from '../../../helpers/operator.ts'
import { adding, numbers, openOperator, output, type Output } from '../../../helpers/windowed-operator.ts'

interface Options {
  readonly gapMs?: number
  readonly graceMs?: number
  readonly emit?: EmitStrategy
  readonly caching?: boolean
}

function settings ({ gapMs = 5, graceMs = 0, emit = 'on-window-update', caching = true }: Options) {
  const windows = sessionWindows({ inactivityGapMs: gapMs, graceMs })
  const store = { name: 'sessions', key: text, caching, closes: emit === 'on-window-close', retentionMs: retentionOf('sessions', windows) }
  return { store, options: { windows, emit, sendsOldValues: () => true } }
}

function define (given: Options) {
  const { store, options } = settings(given)
  return { ...options, ...adding, store: defineSessionStore<string, string>({ ...store, value: text }) }
}

function openCount (given: Options) {
  const { store, options } = settings(given)
  return openOperator(sessionWindowAggregate<string, string | null, number>({ ...options, ...counting, store: defineSessionStore<string, number>({ ...store, value: numbers }) }))
}

const open = (options: Options) => openOperator(sessionWindowAggregate(define(options)))

test('a record that extends a session replaces it, with a tombstone for what it was', () => {
  const { pipe, bench } = openCount({ caching: false })

  assert.deepEqual(pipe('k1', 'v1', 0), [['[k1@0/0]', 1, 0]])
  assert.deepEqual(pipe('k1', 'v1', 5), [['[k1@0/0]', null, 0], ['[k1@0/5]', 2, 5]])
  assert.deepEqual(pipe('k1', 'v1', 1), [['[k1@0/5]', null, 5], ['[k1@0/5]', 3, 5]])
  assert.deepEqual(pipe('k2', 'v1', 11), [['[k2@11/11]', 1, 11]])
  assert.deepEqual(pipe('k1', 'v1', 5), [])
  assert.deepEqual(pipe('k1', 'v1', 30), [['[k1@30/30]', 1, 30]])
  assert.deepEqual(bench.dropped, ['late'])
})

test('with caching a session that is written again by the same record is heard of once', () => {
  const { pipe, changes } = openCount({})
  pipe('k', 'v', 0)

  assert.deepEqual(pipe('k', 'v', 5), [['[k@0/0]', null, 0], ['[k@0/5]', 2, 5]])
  assert.deepEqual(changes().map(({ oldValue }) => oldValue), [1, null])
  assert.deepEqual(pipe('k', 'v', 1), [['[k@0/5]', 3, 5]])
  assert.deepEqual(changes().map(({ oldValue }) => oldValue), [2])
})

test('records of one time are one session, which is no new one with each of them', () => {
  const { pipe, changes } = openCount({ caching: true })
  pipe('k', 'v', 7)

  assert.deepEqual(pipe('k', 'v', 7), [['[k@7/7]', 2, 7]])
  assert.deepEqual(changes().map(({ oldValue }) => oldValue), [1])
})

test('a record between two sessions makes them one', () => {
  const { pipe } = open({ gapMs: 10, graceMs: 10, caching: false })
  pipe('a', '1', 0)
  pipe('a', '2', 15)

  assert.deepEqual(pipe('a', '3', 8), [['[a@0/0]', null, 0], ['[a@15/15]', null, 15], ['[a@0/15]', '0+0+1+0+2+3', 15]])
})

test('a session is open up to the gap and the grace behind its end', () => {
  const { pipe, bench } = openCount({ gapMs: 10, graceMs: 1 })
  pipe('dummy', 'v', 11)

  assert.deepEqual(pipe('in time', 'v', 0), [['[in time@0/0]', 1, 0]])
  pipe('dummy', 'v', 12)
  assert.deepEqual(pipe('late', 'v', 0), [])
  assert.deepEqual(bench.dropped, ['late'])
})

test('closed sessions are emitted once, by end', () => {
  const { pipe } = open({ gapMs: 500, emit: 'on-window-close' })

  assert.deepEqual(pipe('1', '1', 10), [])
  assert.deepEqual(pipe('1', '2', 15), [])
  assert.deepEqual(pipe('1', '3', 600), [['[1@10/15]', '0+0+1+2', 15]])
  assert.deepEqual([...pipe('2', '1', 600), ...pipe('2', '2', 599)], [])
})

test('of several sessions that close the one that ended first comes first, then the one that began first, then by the bytes of their keys', () => {
  const { pipe } = openCount({ gapMs: 10, emit: 'on-window-close' })
  const records = [['d', 0], ['b', 0], ['c', 0], ['a', 0], ['d', 5], ['e', 5]] as const
  for (const [key, timestamp] of records) assert.deepEqual(pipe(key, 'v', timestamp), [])

  assert.deepEqual(pipe('z', 'v', 100), [['[a@0/0]', 1, 0], ['[b@0/0]', 1, 0], ['[c@0/0]', 1, 0], ['[d@0/5]', 2, 5], ['[e@5/5]', 1, 5]])
  assert.deepEqual(pipe('z', 'v', 101), [])
})

test('what was closed stays closed over a restart', () => {
  const bench = openOperatorBench()
  const options = define({ emit: 'on-window-close' })
  const before = openOperator(sessionWindowAggregate(options), { bench })
  before.pipe('a', '1', 0)
  assert.equal(before.pipe('b', '2', 10).length, 1)

  const after = openOperator(sessionWindowAggregate(options), { bench })

  assert.deepEqual(after.pipe('a', 'late', 4), [])
  assert.deepEqual(after.pipe('c', '3', 16), [['[b@10/10]', '0+2', 10]])
  assert.deepEqual(bench.dropped, ['late'])
})

test('a session that the wall clock closed does not grow any more', () => {
  let closeUpTo: ((time: number) => void) | undefined
  const bench = openOperatorBench()
  const outputs: Output[] = []
  const wire = sessionWindowAggregate({ ...define({ emit: 'on-window-close' }), idle: { closeWhenIdleMs: 1, wired: (_execution, _node, close) => { closeUpTo = close } } })
  const input = wire(bench.execution, bench.node('aggregate'), record => { outputs.push(output(record)) })
  input({ key: 'a', value: '1', timestamp: 3, headers: [] })

  closeUpTo?.(8)
  assert.deepEqual(outputs, [])
  closeUpTo?.(9)
  input({ key: 'a', value: 'late', timestamp: 3, headers: [] })
  input({ key: 'a', value: '2', timestamp: 5, headers: [] })
  input({ key: 'a', value: '3', timestamp: 100, headers: [] })

  assert.deepEqual(outputs, [['[a@3/3]', '0+1', 3], ['[a@5/5]', '0+2', 5]])
  assert.deepEqual(bench.dropped, ['late'])
})

test('a null key is dropped, a null value is aggregated', () => {
  const { pipe, bench } = open({})

  assert.deepEqual(pipe(null, '1', 0), [])
  assert.deepEqual(pipe('A', null, 0), [['[A@0/0]', '0+null', 0]])
  assert.deepEqual(bench.dropped, ['null-key'])
})

test('a reduce takes the values of merged sessions as it takes values', () => {
  const { store, options } = settings({ gapMs: 10 })
  const { pipe } = openOperator(sessionWindowAggregate<string, string, string | null>({
    ...options, ...reducing<string, string>((one, other) => `${one}+${other}`), store: defineSessionStore<string, string>({ ...store, value: text })
  }))
  pipe('a', '1', 0)
  pipe('a', '2', 15)

  assert.deepEqual(pipe('a', '3', 8).at(-1), ['[a@0/15]', '1+2+3', 15])
})

const arrivals = fc.array(fc.record({ key: fc.constantFrom('a', 'a\0', 'b'), timestamp: fc.integer({ min: 0, max: 60 }) }), { maxLength: 40 })

test('whatever comes in whatever order, the rows are the sessions of the records that were not late', () => {
  fc.assert(fc.property(arrivals, fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 20 }), fc.boolean(), (records, gapMs, graceMs, caching) => {
    const { pipe, bench } = openCount({ gapMs, graceMs, caching })
    const rows = new Map<string, unknown>()
    for (const { key, timestamp } of records) {
      for (const [window, count] of pipe(key, 'v', timestamp)) {
        if (count === null) rows.delete(window)
        else rows.set(window, count)
      }
    }

    const expected = expectedSessions(records, gapMs, graceMs, caching)
    assert.deepEqual([...rows].sort(), expected.rows.sort())
    assert.equal(bench.dropped.length, expected.late)
  }), { numRuns: 500 })
})

/** The obvious way: all sessions in a list. Of one that the store has let go, only the cache knows: it still grows, but nobody is told that it is gone. */
function expectedSessions (records: readonly { readonly key: string, readonly timestamp: number }[], gapMs: number, graceMs: number, caching: boolean) {
  let sessions: { readonly key: string, readonly start: number, readonly end: number, readonly count: number }[] = []
  const rows = new Map<string, unknown>()
  let late = 0
  let streamTime = 0
  let storeTime = -Infinity
  for (const { key, timestamp } of records) {
    streamTime = Math.max(streamTime, timestamp)
    const isStored = (session: { readonly end: number }): boolean => session.end > storeTime - gapMs - graceMs
    const near = sessions.filter(session => session.key === key && session.end >= timestamp - gapMs && session.start <= timestamp + gapMs && (caching || isStored(session)))
    const start = Math.min(timestamp, ...near.map(session => session.start))
    const end = Math.max(timestamp, ...near.map(session => session.end))
    if (end < streamTime - gapMs - graceMs) {
      late++
      continue
    }
    for (const session of near) if (isStored(session)) rows.delete(`[${key}@${session.start}/${session.end}]`)
    storeTime = Math.max(storeTime, end)
    const count = 1 + near.reduce((sum, session) => sum + session.count, 0)
    sessions = [...sessions.filter(session => !near.includes(session)), { key, start, end, count }]
    rows.set(`[${key}@${start}/${end}]`, count)
  }
  return { late, rows: [...rows] }
}
