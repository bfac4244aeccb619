import { deepEqual, equal, throws } from 'node:assert/strict'
import { test } from 'node:test'
import type { Change } from '../../../../streams/graph/change.ts'
import { recordTime, suppress, windowEnd, type Suppress } from '../../../../streams/graph/operators/suppress.ts'
import { suppressedView } from '../../../../streams/graph/operators/suppressed-view.ts'
import type { StreamRecord } from '../../../../streams/graph/record.ts'
import { json } from '../../../../streams/serdes/json.ts'
import { text } from '../../../../streams/serdes/text.ts'
import type { Serde } from '../../../../streams/serdes/serde.ts'
import { defineSuppressBuffer } from '../../../../streams/stores/suppress-buffer.ts'
import { openOperatorBench } from '../../../helpers/operator.ts'
import { collector, wire } from '../../../helpers/stream-joins.ts'

type Options<K> = Partial<Suppress<K, string>>

const FOR_EVER = 2 ** 63
const buffer = defineSuppressBuffer({ name: 'buffer', key: text, value: text })

function benchSuppress<K> (options: Options<K> & Pick<Suppress<K, string>, 'buffer'>, bench = openOperatorBench()) {
  const { capture, collected } = collector()
  const changes: Change<string>[] = []
  const input = wire(bench, suppress<K, string>({ timeOf: recordTime, durationMs: 0, dropTombstones: false, whenFull: 'emitEarly', ...options }), 'suppress', record => {
    changes.push(record.value)
    capture({ ...record, value: record.value.newValue })
  })
  return {
    bench,
    changes,
    pipe (key: K, newValue: string | null, timestamp: number, { oldValue = null, headers = [] }: { readonly oldValue?: string | null, readonly headers?: StreamRecord['headers'] } = {}) {
      bench.run(() => input({ key, value: { newValue, oldValue, isLatest: true }, timestamp, headers }), { key, value: newValue, timestamp })
      return collected()
    }
  }
}

interface Windowed {
  readonly key: string
  readonly window: { readonly start: number, readonly end: number }
}

const windowed: Serde<Windowed> = {
  name: 'windowed',
  encode: json.encode,
  // The bytes are its own.
  decode: bytes => json.decode(bytes) as Windowed
}
const windows = defineSuppressBuffer({ name: 'windows', key: windowed, value: text })
const finalResults = (graceMs: number) => benchSuppress<Windowed>({ buffer: windows, timeOf: windowEnd, durationMs: graceMs, dropTombstones: true, whenFull: 'shutDown' })
const inWindow = (start: number, end: number, key = 'hey'): Windowed => ({ key, window: { start, end } })

test('a time limit of zero emits at once', () => {
  deepEqual(benchSuppress({ buffer }).pipe('hey', 'v', 5), [['hey', 'v', 5]])
})

test('a time limit holds a key back from its first change on, and gives out its last one', () => {
  const { pipe } = benchSuppress({ buffer, durationMs: 10 })

  deepEqual([pipe('hey', 'first', 0), pipe('hey', 'last', 9), pipe('tick', 'v', 9)], [[], [], []])
  deepEqual(pipe('tock', 'v', 10), [['hey', 'last', 9]])
  deepEqual(pipe('hey', 'again', 19), [['tick', 'v', 9]])
})

test('an older change does not turn the time back', () => {
  const { pipe } = benchSuppress({ buffer, durationMs: 10 })
  pipe('hey', 'v', 100)

  deepEqual(pipe('late', 'v', 90), [['late', 'v', 90]])
})

test('final results wait for the end of the window and its grace', () => {
  const { pipe } = finalResults(1)

  deepEqual([pipe(inWindow(99, 100), 'v', 99), pipe(inWindow(100, 101, 'a'), 'v', 100)], [[], []])
  deepEqual(pipe(inWindow(101, 102, 'b'), 'v', 101), [[inWindow(99, 100), 'v', 99]])
})

test('final results without grace still wait for the end of the window', () => {
  const { pipe } = finalResults(0)

  deepEqual(pipe(inWindow(0, 100), 'v', 5), [])
  deepEqual(pipe(inWindow(100, 200, 'dummy'), 'v', 100), [[inWindow(0, 100), 'v', 5]])
})

test('a final result that comes at the end of its window comes out at once', () => {
  deepEqual(finalResults(0).pipe(inWindow(0, 100), 'v', 100), [[inWindow(0, 100), 'v', 100]])
})

test('final results drop tombstones: of time windows and of sessions', () => {
  const { pipe, bench } = finalResults(0)

  deepEqual([pipe(inWindow(0, 100), null, 100), pipe(inWindow(0, 0), null, 100)], [[], []])
  equal(bench.times.get('windows:records'), 0)
})

test('a time limit keeps tombstones and their headers', () => {
  deepEqual(benchSuppress({ buffer, maxRecords: 0 }).pipe('hey', null, 100, { headers: [['kept', null]] }), [['hey', null, 100, 'kept']])
})

test('over its bound of records it emits the oldest early', () => {
  const { pipe } = benchSuppress({ buffer, durationMs: FOR_EVER, maxRecords: 1 })

  deepEqual([pipe('hey', 'v', 100), pipe('hey', 'w', 100)], [[], []])
  deepEqual(pipe('dummyKey', 'v', 101), [['hey', 'w', 100]])
  deepEqual(pipe('older', 'v', 5), [['older', 'v', 5]])
})

test('over its bound of bytes it emits the oldest early: key, values, and where they came from are counted', () => {
  const sizeOfOne = 28 + 'hey'.length + 'v'.length + 'test'.length
  const fits = benchSuppress({ buffer, durationMs: FOR_EVER, maxBytes: 2 * sizeOfOne })
  const tooSmall = benchSuppress({ buffer, durationMs: FOR_EVER, maxBytes: 2 * sizeOfOne - 1 })
  for (const { pipe } of [fits, tooSmall]) deepEqual(pipe('hey', 'v', 100), [])

  deepEqual(fits.pipe('you', 'v', 101), [])
  deepEqual(fits.pipe('you', 'vv', 101), [['hey', 'v', 100]])
  deepEqual(tooSmall.pipe('you', 'v', 101), [['hey', 'v', 100]])
})

test('a buffer that may not emit early stops everything over its bound', () => {
  for (const bound of [{ maxRecords: 1 }, { maxBytes: 60 }]) {
    const { pipe } = benchSuppress({ buffer, durationMs: FOR_EVER, whenFull: 'shutDown', ...bound })
    pipe('hey', 'v', 100)

    throws(() => pipe('dummyKey', 'v', 100), /'suppress': buffer exceeded its max capacity, it holds 2 of/)
  }
})

test('what is due comes out by time, and at one time by the bytes of the key', () => {
  const { pipe } = benchSuppress({ buffer, durationMs: 10 })
  for (const [key, timestamp] of [['b', 5], ['ab', 5], ['z', 4], ['a', 5], ['ä', 5]] as const) pipe(key, 'v', timestamp)

  deepEqual(pipe('x', 'v', 15).map(([key]) => key), ['z', 'a', 'ab', 'b', 'ä'])
})

test('what is given out has the old value of the last change, as in Kafka Streams', () => {
  const { pipe, changes } = benchSuppress({ buffer, durationMs: 10 })
  pipe('k', 'A', 0, { oldValue: null })
  pipe('k', 'B', 1, { oldValue: 'A' })
  pipe('x', 'v', 10)

  deepEqual(changes, [{ newValue: 'B', oldValue: 'A', isLatest: true }])
})

test('who reads the table behind the buffer finds a held row as it was before, also while it is given out', () => {
  const table = new Map([['k', 'B'], ['free', 'F']])
  const bench = openOperatorBench()
  const view = suppressedView<string, string>({
    stores: [],
    open: () => ({
      get (key) {
        const value = table.get(key)
        return value === undefined ? undefined : { value, timestamp: 7 }
      },
      getAsOf: undefined
    })
  }, buffer)
  const rows = view.open(bench.execution)
  const { pipe } = benchSuppress({ buffer, durationMs: 10 }, bench)
  pipe('k', 'A', 0, { oldValue: 'before' })
  pipe('k', 'B', 1, { oldValue: 'A' })
  pipe('new', 'N', 1)

  deepEqual([rows.get('k'), rows.get('new'), rows.get('free')], [{ value: 'before', timestamp: -1 }, undefined, { value: 'F', timestamp: 7 }])
  pipe('x', 'v', 20)
  deepEqual(rows.get('k'), { value: 'B', timestamp: 7 })
  deepEqual(view.stores, [buffer.ordered])
})

test('after a restart it goes on where it was: its counts and its time are the task\'s', () => {
  const { bench, pipe } = benchSuppress({ buffer, durationMs: 10, maxRecords: 2 })
  pipe('a', 'v', 0)
  pipe('b', 'v', 1)

  const restarted = benchSuppress({ buffer, durationMs: 10, maxRecords: 2 }, bench)

  deepEqual(restarted.pipe('c', 'v', 2), [['a', 'v', 0]])
  deepEqual(restarted.pipe('d', 'v', 12), [['b', 'v', 1], ['c', 'v', 2]])
})
