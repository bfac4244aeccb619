import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { reducing } from '../../../../streams/graph/operators/reducing.ts'
import { slidingWindowAggregate } from '../../../../streams/graph/operators/sliding-window-aggregate.ts'
import type { EmitStrategy } from '../../../../streams/graph/operators/window-emission.ts'
import { text } from '../../../../streams/serdes/text.ts'
import { defineWindowStore } from '../../../../streams/stores/window-store.ts'
import { retentionOf } from '../../../../streams/windows/retention.ts'
import { slidingWindows } from '../../../../streams/windows/sliding-windows.ts'
import { adding, openOperator, type Output } from '../../../helpers/windowed-operator.ts'

interface Options {
  readonly differenceMs?: number
  readonly graceMs?: number
  readonly emit?: EmitStrategy
  readonly caching?: boolean
}

function define ({ differenceMs = 10, graceMs = 5, emit = 'on-window-update', caching = true }: Options) {
  const windows = slidingWindows({ timeDifferenceMs: differenceMs, graceMs })
  const store = defineWindowStore<string, string>({
    name: 'windows', key: text, value: text, caching, closes: emit === 'on-window-close', retentionMs: retentionOf('windows', windows)
  })
  return { windows, store, emit, sendsOldValues: () => true }
}

const open = (options: Options) => openOperator(slidingWindowAggregate({ ...define(options), ...adding }))
const openReduce = (options: Options) => openOperator(slidingWindowAggregate<string, string, string | null>({ ...define(options), ...reducing<string, string>((one, other) => `${one}+${other}`) }))

/** Each window's values in the order in which they went on. */
function byWindow (outputs: readonly Output[]): Record<string, (readonly [unknown, number])[]> {
  const windows: Record<string, (readonly [unknown, number])[]> = {}
  for (const [key, value, timestamp] of outputs) (windows[key] ??= []).push([value, timestamp])
  return windows
}

const small: readonly (readonly [string, number])[] = [['1', 10], ['2', 10], ['3', 14], ['4', 15], ['5', 20], ['6', 22], ['7', 30]]

test('a record is in every window that holds its time, one that ends with it, and makes one behind itself', () => {
  const { pipe } = open({})

  assert.deepEqual(byWindow(small.flatMap(([value, timestamp]) => pipe('A', value, timestamp))), {
    '[A@0/10]': [['0+1', 10], ['0+1+2', 10]],
    '[A@4/14]': [['0+1+2+3', 14]],
    '[A@5/15]': [['0+1+2+3+4', 15]],
    '[A@10/20]': [['0+1+2+3+4+5', 20]],
    '[A@11/21]': [['0+3', 14], ['0+3+4', 15], ['0+3+4+5', 20]],
    '[A@12/22]': [['0+3+4+5+6', 22]],
    '[A@15/25]': [['0+4', 15], ['0+4+5', 20], ['0+4+5+6', 22]],
    '[A@16/26]': [['0+5', 20], ['0+5+6', 22]],
    '[A@20/30]': [['0+5+6+7', 30]],
    '[A@21/31]': [['0+6', 22], ['0+6+7', 30]],
    '[A@23/33]': [['0+7', 30]]
  })
})

test('closed windows are emitted once, by start', () => {
  const { pipe } = open({ emit: 'on-window-close' })

  assert.deepEqual(small.flatMap(([value, timestamp]) => pipe('A', value, timestamp)), [
    ['[A@0/10]', '0+1+2', 10], ['[A@4/14]', '0+1+2+3', 14], ['[A@5/15]', '0+1+2+3+4', 15],
    ['[A@10/20]', '0+1+2+3+4+5', 20], ['[A@11/21]', '0+3+4+5', 20], ['[A@12/22]', '0+3+4+5+6', 22]
  ])
})

test('a reduce begins every window with its first value', () => {
  const { pipe } = openReduce({ differenceMs: 100, graceMs: 1000 })

  assert.deepEqual(pipe('1', '1', 100), [['[1@0/100]', '1', 100]])
  assert.deepEqual(pipe('1', '2', 150), [['[1@101/201]', '2', 150], ['[1@50/150]', '1+2', 150]])
  assert.deepEqual(pipe('1', '3', 500), [['[1@400/500]', '3', 500]])
  assert.deepEqual(pipe('2', '10', 200), [['[2@100/200]', '10', 200]])
  assert.deepEqual(pipe('2', '20', 150), [['[2@100/200]', '10+20', 200], ['[2@50/150]', '20', 150], ['[2@151/251]', '10', 200]])
})

test('a late record goes into the windows that are open, of which there may be none', () => {
  const { pipe, bench } = open({ graceMs: 10, emit: 'on-window-close' })
  const outputs = [
    ['B', '1', 12], ['B', '2', 13], ['B', '3', 18], ['B', '4', 19], ['B', '5', 25], ['B', '6', 14], ['C', '1', 11], ['C', '2', 15], ['D', '4', 11], ['D', '3', 29], ['D', '5', 16]
  ].flatMap(([key, value, timestamp]) => pipe(String(key), String(value), Number(timestamp)))

  assert.deepEqual(outputs, [
    ['[B@2/12]', '0+1', 12], ['[B@3/13]', '0+1+2', 13], ['[C@5/15]', '0+2', 15], ['[B@8/18]', '0+1+2+3+6', 18]
  ])
  // Of the record B@14 the window that ends with it, of C@11, D@11 and D@16 likewise.
  assert.deepEqual(bench.dropped, Array.from({ length: 4 }, () => 'late'))
})

test('a record is late when no window can hold it, and when the one that ends with it has closed', () => {
  const { pipe, bench } = open({})
  pipe('A', '1', 100)

  assert.deepEqual(pipe('A', '2', 84), [])
  assert.deepEqual(pipe('A', '3', 85), [])
  assert.deepEqual(bench.dropped, ['late', 'late'])
})

test('windows that would start before 0 are the one that starts there', () => {
  const { pipe } = open({ differenceMs: 50, graceMs: 0 })
  const outputs = ([['1', 0], ['2', 5], ['3', 6], ['4', 3], ['5', 13], ['6', 10], ['7', 70]] as const).flatMap(([value, timestamp]) => pipe('A', value, timestamp))

  assert.deepEqual(byWindow(outputs), {
    '[A@0/50]': [['0+1', 0], ['0+1+2', 5], ['0+1+2+3', 6], ['0+1+2+3+4', 6], ['0+1+2+3+4+5', 13], ['0+1+2+3+4+5+6', 13]],
    '[A@1/51]': [['0+2', 5], ['0+2+3', 6], ['0+2+3+4', 6], ['0+2+3+4+5', 13], ['0+2+3+4+5+6', 13]],
    '[A@4/54]': [['0+2+3', 6], ['0+2+3+5', 13], ['0+2+3+5+6', 13]],
    '[A@6/56]': [['0+3', 6], ['0+3+5', 13], ['0+3+5+6', 13]],
    '[A@7/57]': [['0+5', 13], ['0+5+6', 13]],
    '[A@11/61]': [['0+5', 13]],
    '[A@20/70]': [['0+7', 70]]
  })
})

test('null keys and null values are dropped', () => {
  const { pipe, bench } = open({})

  assert.deepEqual([...pipe(null, '1', 0), ...pipe('A', null, 0)], [])
  assert.deepEqual(bench.dropped, ['null-key', 'null-value'])
})

test('of windows that were there the old value goes on, of new ones what they began with only without caching', () => {
  for (const [caching, expected] of [[true, [null, null]], [false, ['0', '0+1']]] as const) {
    const { pipe, changes } = open({ caching })
    pipe('A', '1', 20)
    pipe('A', '2', 25)

    assert.deepEqual(changes().map(({ oldValue }) => oldValue), expected)

    pipe('A', '3', 25)
    assert.deepEqual(changes().map(({ oldValue, newValue }) => [oldValue, newValue]), [['0+2', '0+2+3'], ['0+1+2', '0+1+2+3']])
  }
})

const arrivals = fc.array(fc.record({ key: fc.constantFrom('a', 'a\0', 'b'), timestamp: fc.integer({ min: 0, max: 60 }) }), { maxLength: 40 })

test('whatever comes in whatever order, every window holds the records of its time', () => {
  fc.assert(fc.property(arrivals, fc.integer({ min: 0, max: 25 }), fc.boolean(), (records, differenceMs, caching) => {
    const { pipe } = open({ differenceMs, graceMs: 1_000, caching })
    const last = new Map<string, Output>()
    for (const [index, { key, timestamp }] of records.entries()) {
      for (const output of pipe(key, `${index}`, timestamp)) last.set(output[0], output)
    }

    const found = [...last].map(([window, [, value, timestamp]]) => [window, String(value).split('+').slice(1).sort().join('+'), timestamp]).sort()
    assert.deepEqual(found, expectedWindows(records, differenceMs).sort())
  }), { numRuns: 500 })
})

/** The obvious way: a window that ends with each record, and one that begins behind it if something is in there. */
function expectedWindows (records: readonly { readonly key: string, readonly timestamp: number }[], differenceMs: number): unknown[][] {
  const windows = new Map<string, unknown[]>()
  for (const { key, timestamp } of records) {
    for (const start of [Math.max(0, timestamp - differenceMs), timestamp + 1]) {
      const held = [...records.entries()].filter(([, other]) => other.key === key && other.timestamp >= start && other.timestamp <= start + differenceMs)
      if (held.length === 0) continue
      const name = `[${key}@${start}/${start + differenceMs}]`
      windows.set(name, [name, held.map(([index]) => `${index}`).sort().join('+'), Math.max(...held.map(([, other]) => other.timestamp))])
    }
  }
  return [...windows.values()]
}
