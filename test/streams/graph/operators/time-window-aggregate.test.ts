import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { counting } from '../../../../streams/graph/operators/counting.ts'
import { reducing } from '../../../../streams/graph/operators/reducing.ts'
import { timeWindowAggregate } from '../../../../streams/graph/operators/time-window-aggregate.ts'
import type { EmitStrategy } from '../../../../streams/graph/operators/window-emission.ts'
import { text } from '../../../../streams/serdes/text.ts'
import { defineWindowStore } from '../../../../streams/stores/window-store.ts'
import { retentionOf } from '../../../../streams/windows/retention.ts'
import { timeWindows } from '../../../../streams/windows/time-windows.ts'
import { unlimitedWindows } from '../../../../streams/windows/unlimited-windows.ts'
import { openOperatorBench } from '../../../helpers/operator.ts'
import { adding, numbers, openOperator, output, type Output } from '../../../helpers/windowed-operator.ts'

interface Options {
  readonly sizeMs?: number
  readonly advanceMs?: number
  readonly graceMs?: number
  readonly emit?: EmitStrategy
  readonly caching?: boolean
  readonly retentionMs?: number
}

function define ({ sizeMs = 10, advanceMs = 5, graceMs = 5, emit = 'on-window-update', caching = true, retentionMs }: Options) {
  const windows = timeWindows({ sizeMs, advanceMs, graceMs })
  const store = defineWindowStore<string, string>({
    name: 'windows', key: text, value: text, caching, closes: emit === 'on-window-close', retentionMs: retentionOf('windows', windows, retentionMs)
  })
  return { windows, store, emit, ...adding, sendsOldValues: () => true }
}

const open = (options: Options) => openOperator(timeWindowAggregate(define(options)))

test('each window of a record gets an aggregate with the largest timestamp in it', () => {
  const { pipe } = open({ graceMs: 100 })

  assert.deepEqual(pipe('A', '1', 0), [['[A@0/10]', '0+1', 0]])
  assert.deepEqual(pipe('A', '2', 6), [['[A@0/10]', '0+1+2', 6], ['[A@5/15]', '0+2', 6]])
  assert.deepEqual(pipe('A', '3', 12), [['[A@5/15]', '0+2+3', 12], ['[A@10/20]', '0+3', 12]])
  assert.deepEqual(pipe('A', '4', 3), [['[A@0/10]', '0+1+2+4', 6]])
})

test('a record is late for the windows that have closed, and counts once for each', () => {
  const { pipe, bench } = open({ graceMs: 90, retentionMs: 100, caching: false })

  pipe('k', '100', 100)
  for (const timestamp of [0, 1, 2, 3, 4]) assert.deepEqual(pipe('k', String(timestamp), timestamp), [])
  assert.deepEqual(pipe('k', '5', 5), [['[k@5/15]', '0+5', 5]])

  assert.deepEqual(bench.dropped, Array.from({ length: 6 }, () => 'late'))
})

test('closed windows are emitted once, and what was aggregated into them before', () => {
  const { pipe, bench } = open({ graceMs: 90, retentionMs: 100, caching: false, emit: 'on-window-close' })

  for (const timestamp of [100, 0, 1, 2, 3, 4, 5, 6]) assert.deepEqual(pipe('k', String(timestamp), timestamp), [])
  assert.deepEqual(pipe('k', '105', 105), [['[k@5/15]', '0+5+6', 6]])
  assert.deepEqual(pipe('k', '106', 106), [])

  assert.equal(bench.dropped.length, 7)
})

test('windows that close are emitted by start, then by the bytes of their keys', () => {
  const { pipe } = open({ emit: 'on-window-close' })
  for (const [key, timestamp] of [['D', 3], ['B', 1], ['A', 0], ['é', 2], ['A', 9]] as const) assert.deepEqual(pipe(key, key, timestamp), [])

  assert.deepEqual(pipe('A', '1', 15), [['[A@0/10]', '0+A+A', 9], ['[B@0/10]', '0+B', 1], ['[D@0/10]', '0+D', 3], ['[é@0/10]', '0+é', 2]])
  assert.deepEqual(pipe('A', '1', 100), [['[A@5/15]', '0+A', 9], ['[A@10/20]', '0+1', 15], ['[A@15/25]', '0+1', 15]])
})

test('with caching a jump of stream time closes all windows, however far it goes; without, those behind the retention are gone before they are emitted', () => {
  for (const [caching, closed] of [[true, [['[A@0/10]', '0+1', 0], ['[B@0/10]', '0+2', 3]]], [false, []]] as const) {
    const { pipe } = open({ sizeMs: 10, advanceMs: 10, graceMs: 0, emit: 'on-window-close', caching })
    pipe('A', '1', 0)
    pipe('B', '2', 3)

    // As in Kafka Streams, whose store has seen the record's own window when it is asked for the closed ones.
    assert.deepEqual(pipe('A', '3', 1_000_000), closed)
  }
})

test('without caching a window is emitted when it starts exactly a retention before the newest one', () => {
  const { pipe } = open({ sizeMs: 10, advanceMs: 10, graceMs: 0, emit: 'on-window-close', caching: false, retentionMs: 20 })
  pipe('A', '1', 0)

  assert.deepEqual(pipe('A', '2', 20), [['[A@0/10]', '0+1', 0]])
  pipe('A', '3', 21)
  assert.deepEqual(pipe('A', '4', 50), [])
})

test('what was closed stays closed over a restart', () => {
  const bench = openOperatorBench()
  const options = define({ emit: 'on-window-close' })
  const before = openOperator(timeWindowAggregate(options), { bench })
  before.pipe('A', '1', 0)
  before.pipe('B', '2', 5)
  assert.deepEqual(before.pipe('C', '3', 15).map(([key]) => key), ['[A@0/10]', '[B@0/10]'])

  const after = openOperator(timeWindowAggregate(options), { bench })

  assert.deepEqual(after.pipe('D', '4', 25), [['[B@5/15]', '0+2', 5], ['[C@10/20]', '0+3', 15]])
  assert.deepEqual(after.pipe('A', 'late', 9), [])
})

test('a window that the wall clock closed is emitted once, and later records for it are late', () => {
  let closeUpTo: ((time: number) => void) | undefined
  const bench = openOperatorBench()
  const outputs: Output[] = []
  const wire = timeWindowAggregate({
    ...define({ graceMs: 0, advanceMs: 10, emit: 'on-window-close' }), idle: { closeWhenIdleMs: 1, wired: (_execution, _node, close) => { closeUpTo = close } }
  })
  const input = wire(bench.execution, bench.node('aggregate'), record => { outputs.push(output(record)) })
  input({ key: 'A', value: '1', timestamp: 3, headers: [] })

  closeUpTo?.(9)
  assert.deepEqual(outputs, [])
  closeUpTo?.(10)
  assert.deepEqual(outputs, [['[A@0/10]', '0+1', 3]])
  input({ key: 'A', value: '2', timestamp: 4, headers: [] })
  input({ key: 'A', value: '3', timestamp: 30, headers: [] })

  assert.equal(outputs.length, 1)
  assert.deepEqual(bench.dropped, ['late'])
})

test('a null key is dropped, a null value is aggregated', () => {
  const { pipe, bench } = open({})

  assert.deepEqual(pipe(null, '1', 0), [])
  assert.deepEqual(pipe('A', null, 0), [['[A@0/10]', '0+null', 0]])
  assert.deepEqual(bench.dropped, ['null-key'])
})

test('old values are those of before the record with caching, and the initial value is one without', () => {
  for (const [caching, first] of [[true, null], [false, '0']] as const) {
    const { pipe, changes } = open({ caching })

    pipe('A', '1', 0)
    assert.deepEqual(changes(), [{ newValue: '0+1', oldValue: first, isLatest: true }])
    pipe('A', '2', 1)
    assert.deepEqual(changes(), [{ newValue: '0+1+2', oldValue: '0+1', isLatest: true }])
  }
})

test('reduce begins with the value itself, count counts null values too', () => {
  const windows = timeWindows({ sizeMs: 10 })
  const counts = defineWindowStore<string, number>({ name: 'counts', key: text, value: numbers, retentionMs: 10 })
  const reduced = defineWindowStore<string, string>({ name: 'reduced', key: text, value: text, retentionMs: 10 })
  const common = { windows, emit: 'on-window-update', sendsOldValues: () => false } as const
  const count = openOperator(timeWindowAggregate<string, string | null, number>({ ...common, ...counting, store: counts }))
  const reduce = openOperator(timeWindowAggregate<string, string, string | null>({ ...common, ...reducing<string, string>((one, other) => `${one}+${other}`), store: reduced }))

  assert.deepEqual([count.pipe('A', '1', 0), count.pipe('A', null, 1)], [[['[A@0/10]', 1, 0]], [['[A@0/10]', 2, 1]]])
  assert.deepEqual([reduce.pipe('A', '1', 5), reduce.pipe('A', '2', 1)], [[['[A@0/10]', '1', 5]], [['[A@0/10]', '1+2', 5]]])
})

test('an aggregate that becomes null is deleted, and is not emitted when its window closes', () => {
  const { store, windows } = define({ emit: 'on-window-close', advanceMs: 10, graceMs: 0 })
  const { pipe } = openOperator(timeWindowAggregate<string, string, string | null>({
    windows, store, emit: 'on-window-close', initializer: () => null, aggregator: (_before, value) => value === 'gone' ? null : value, sendsOldValues: () => false
  }))

  pipe('A', '1', 0)
  pipe('B', '2', 1)
  pipe('A', 'gone', 2)

  assert.deepEqual(pipe('C', '3', 10), [['[B@0/10]', '2', 1]])
})

test('unlimited windows never close', () => {
  const windows = unlimitedWindows({ startMs: 5 })
  const store = defineWindowStore<string, string>({ name: 'all', key: text, value: text, retentionMs: retentionOf('all', windows) })
  const { pipe, bench } = openOperator(timeWindowAggregate({ ...adding, windows, store, emit: 'on-window-update', sendsOldValues: () => false }))

  assert.deepEqual(pipe('A', '0', 4), [])
  pipe('A', '1', 1_000_000)
  assert.deepEqual(pipe('A', '2', 5).map(([, value]) => value), ['0+1+2'])
  assert.deepEqual(bench.dropped, [])
  assert.throws(() => timeWindowAggregate({ ...adding, windows, store, emit: 'on-window-close', sendsOldValues: () => false }), TypeError)
})

test('without caching a window that retention has let go cannot be read, with caching it can for a while', () => {
  for (const [caching, found] of [[false, undefined], [true, '0+1']] as const) {
    const options = define({ caching, emit: 'on-window-close' })
    const { pipe, bench } = openOperator(timeWindowAggregate(options))
    const { get } = options.store.getter.open(bench.execution)
    pipe('A', '1', 0)
    pipe('A', '1', 20)

    assert.equal(get({ key: 'A', window: { start: 0, end: 10 } })?.value, found)
  }
})

const arrivals = fc.array(fc.record({ key: fc.constantFrom('a', 'a\0', 'b'), timestamp: fc.integer({ min: 0, max: 80 }) }), { maxLength: 40 })
const shapes = fc.record({ sizeMs: fc.integer({ min: 1, max: 20 }), part: fc.integer({ min: 1, max: 20 }), graceMs: fc.integer({ min: 0, max: 20 }), caching: fc.boolean() })

test('whatever comes in whatever order, each window that closes is emitted once with the records that were in time', () => {
  fc.assert(fc.property(arrivals, shapes, (records, { sizeMs, part, graceMs, caching }) => {
    const advanceMs = Math.min(part, sizeMs)
    // Kept to the end: what retention lets go before it closes is never emitted.
    const end = { key: 'end', timestamp: 1_000 }
    const { pipe, bench } = open({ sizeMs, advanceMs, graceMs, caching, emit: 'on-window-close', retentionMs: 2 * end.timestamp })
    const outputs = [...records, end].flatMap(({ key, timestamp }, index) => pipe(key, `${index}`, timestamp))

    const expected = new Map<string, string>()
    let streamTime = 0
    let late = 0
    for (const [index, { key, timestamp }] of records.entries()) {
      streamTime = Math.max(streamTime, timestamp)
      for (const { start, end } of timeWindows({ sizeMs, advanceMs }).windowsFor(timestamp)) {
        const window = `[${key}@${start}/${end}]`
        if (end <= streamTime - graceMs) late++
        else expected.set(window, `${expected.get(window) ?? '0'}+${index}`)
      }
    }
    assert.deepEqual(outputs.map(([window, value]) => [window, value]).sort(), [...expected].sort())
    assert.equal(bench.dropped.length, late)
  }), { numRuns: 500 })
})
