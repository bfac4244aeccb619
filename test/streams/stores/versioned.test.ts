import assert from 'node:assert/strict'
import { test } from 'node:test'
import { text } from '../../../streams/serdes/text.ts'
import { openVersioned, type ValidTo, type VersionedRecord } from '../../../streams/stores/open-versioned.ts'
import { defineVersioned } from '../../../streams/stores/versioned.ts'
import { openOperatorBench } from '../../helpers/operator.ts'

const history = 300_000
const segment = 100_000

function open ({ historyRetentionMs = history } = {}) {
  const bench = openOperatorBench()
  const declared = defineVersioned({ name: 'versions', value: text, historyRetentionMs, segmentIntervalMs: segment })
  const store = openVersioned(bench.execution, bench.node('table'), declared, text)
  return {
    ...store,
    dropped: bench.dropped,
    /** Puts in order, with what each answers. */
    puts: (...puts: readonly (readonly [value: string | null, timestamp: number, validTo: ValidTo])[]) => {
      for (const [value, timestamp, validTo] of puts) assert.equal(store.put('k', value, timestamp), validTo, `put ${value} at ${timestamp}`)
    },
    /** Reads as of times, with what each finds. */
    asOf: (...reads: readonly (readonly [asOf: number, found: readonly [value: string, timestamp: number, validTo?: number] | undefined])[]) => {
      for (const [asOf, found] of reads) assert.deepEqual(plain(store.getAsOf('k', asOf)), found, `as of ${asOf}`)
    },
    between: (from: number, to: number, ascending = false) => store.versions('k', { from, to, ascending }).map(plain)
  }
}

function plain (record: VersionedRecord<string> | undefined) {
  if (record === undefined) return undefined
  const { value, timestamp, validTo } = record
  return validTo === undefined ? [value, timestamp] : [value, timestamp, validTo]
}

test('the latest version is read without a time', () => {
  const { puts, get, asOf } = open()
  puts(['v', 10, 'undefined'], ['v2', 12, 'undefined'])

  assert.deepEqual(plain(get('k')), ['v2', 12])
  asOf([9, undefined], [10, ['v', 10, 12]], [11, ['v', 10, 12]], [12, ['v2', 12]], [13, ['v2', 12]])
})

test('a delete that ends nothing is the latest', () => {
  const { puts, get, asOf } = open()
  puts([null, 10, 'undefined'], [null, 11, 'undefined'])

  assert.equal(get('k'), undefined)
  asOf([10, undefined], [11, undefined], [12, undefined])
})

test('an older version ends where the next one begins', () => {
  const { puts, get, asOf } = open()
  puts(['v', 10, 'undefined'], ['v2', 8, 10], ['v3', 9, 10], ['v4', 6, 8])

  assert.deepEqual(plain(get('k')), ['v', 10])
  asOf([10, ['v', 10]], [9, ['v3', 9, 10]], [8, ['v2', 8, 9]], [7, ['v4', 6, 8]], [5, undefined])
})

test('an older version also ends at a delete that came before it', () => {
  const { puts, get, asOf } = open()
  puts([null, 10, 'undefined'], ['v2', 8, 10], ['v3', 9, 10], ['v4', 6, 8])

  assert.equal(get('k'), undefined)
  asOf([10, undefined], [9, ['v3', 9, 10]], [8, ['v2', 8, 9]], [7, ['v4', 6, 8]])
})

test('older deletes make gaps below a value', () => {
  const { puts, get, asOf } = open()
  puts(['v', 10, 'undefined'], [null, 8, 10], [null, 9, 10], [null, 6, 8], ['v3', 7, 8], ['v5', 5, 6], [null, 4, 5])

  assert.deepEqual(plain(get('k')), ['v', 10])
  asOf([9, undefined], [8, undefined], [7, ['v3', 7, 8]], [6, undefined], [5, ['v5', 5, 6]], [4, undefined])
})

test('older deletes make gaps below a delete', () => {
  const { puts, get, asOf } = open()
  puts([null, 10, 'undefined'], [null, 8, 10], [null, 9, 10], [null, 6, 8], ['v3', 7, 8], ['v5', 5, 6], [null, 4, 5])

  assert.equal(get('k'), undefined)
  asOf([10, undefined], [9, undefined], [8, undefined], [7, ['v3', 7, 8]], [6, undefined], [5, ['v5', 5, 6]], [4, undefined])
})

test('the last put of a time counts, and a delete of the only version leaves no trace', () => {
  const { puts, get, asOf } = open()
  puts(['b', 20, 'undefined'], [null, 20, 'undefined'])
  puts([null, 10, 'undefined'], ['b', 10, 'undefined'], [null, 10, 'undefined'], ['b', 10, 'undefined'])

  assert.deepEqual(plain(get('k')), ['b', 10])
  asOf([10, ['b', 10]], [9, undefined])
})

test('the last put of a time counts among older versions too', () => {
  const { puts, get, asOf } = open()
  puts(
    ['x', segment + 20, 'undefined'], [null, segment - 10, segment + 20], ['x', segment - 10, segment + 20], [null, segment - 10, segment + 20],
    ['x', segment - 1, segment + 20], ['x', segment + 1, segment + 20], [null, segment - 1, segment + 1], [null, segment + 1, segment + 20],
    [null, segment + 10, segment + 20], [null, segment + 5, segment + 10], ['v5', segment + 5, segment + 10], ['x', segment - 5, segment - 1],
    ['v-5', segment - 5, segment - 1], [null, segment + 20, 'undefined'], [null, segment + 20, 'undefined'], ['v-6', segment - 6, segment - 5]
  )

  assert.equal(get('k'), undefined)
  asOf(
    [segment + 30, undefined], [segment + 15, undefined], [segment + 6, ['v5', segment + 5, segment + 10]], [segment + 2, undefined], [segment, undefined],
    [segment - 1, undefined], [segment - 5, ['v-5', segment - 5, segment - 1]], [segment - 6, ['v-6', segment - 6, segment - 5]], [segment - 8, undefined]
  )
})

test('versions are found across segments', () => {
  const { puts, get, asOf } = open()
  puts(
    ['p20', segment + 20, 'undefined'], ['p10', segment + 10, segment + 20], ['n10', segment - 10, segment + 10], ['n2', segment - 2, segment + 10],
    ['n1', segment - 1, segment + 10], ['p1', segment + 1, segment + 10]
  )

  assert.deepEqual(plain(get('k')), ['p20', segment + 20])
  asOf(
    [segment + 30, ['p20', segment + 20]], [segment + 15, ['p10', segment + 10, segment + 20]], [segment + 5, ['p1', segment + 1, segment + 10]],
    [segment, ['n1', segment - 1, segment + 1]], [segment - 1, ['n1', segment - 1, segment + 1]], [segment - 2, ['n2', segment - 2, segment - 1]],
    [segment - 5, ['n10', segment - 10, segment - 2]]
  )
})

test('a delete between versions keeps its end when a newer value comes', () => {
  const { puts, asOf } = open()
  puts([null, 10, 'undefined'], ['v', 20, 'undefined'], ['early', 5, 10], ['late', 15, 20])

  asOf([5, ['early', 5, 10]], [10, undefined], [14, undefined], [15, ['late', 15, 20]], [20, ['v', 20]])
})

test('a delete answers with what was valid then', () => {
  const { puts, delete: remove } = open()
  puts(['p20', segment + 20, 'undefined'], ['p10', segment + 10, segment + 20], ['n10', segment - 10, segment + 10], ['n2', segment - 2, segment + 10])

  assert.deepEqual(plain(remove('k', segment - 5)), ['n10', segment - 10, segment - 2])
  assert.deepEqual(plain(remove('k', segment + 10)), ['p10', segment + 10, segment + 20])
  assert.equal(remove('k', segment + 10), undefined)
  assert.deepEqual(plain(remove('k', segment + 25)), ['p20', segment + 20])
})

test('what is older than the history is not put, nor deleted, and is counted', () => {
  const { put, get, delete: remove, dropped } = open()
  put('k', 'v', history + 10)

  assert.equal(put('k1', 'v1', 10), 'undefined')
  assert.equal(put('k2', 'v2', 9), 'notPut')
  assert.equal(remove('k1', 9), undefined)

  assert.deepEqual(plain(get('k1')), ['v1', 10])
  assert.equal(get('k2'), undefined)
  assert.deepEqual(dropped, ['expired', 'expired'])
})

test('beyond the history only a latest version is found', () => {
  const { put, getAsOf, get } = open()
  put('k', 'v', 1)
  put('other', 'old', 1)
  put('other', 'new', history + 12)

  assert.deepEqual(plain(getAsOf('k', 10)), ['v', 1])
  assert.equal(getAsOf('other', 10), undefined)
  assert.deepEqual(plain(get('other')), ['new', history + 12])
})

test('the end of the history is the last time that is answered for', () => {
  const { put, getAsOf } = open()
  put('k', 'old', 0)
  put('k', 'v', segment - 10)

  put('other', 'a', history + segment - 11)
  assert.deepEqual(plain(getAsOf('k', segment - 11)), ['old', 0, segment - 10])

  put('other', 'b', history + segment - 10)
  assert.equal(getAsOf('k', segment - 11), undefined)
})

test('without a history only the latest version is kept and taken', () => {
  const { put, get, getAsOf, delete: remove, dropped } = open({ historyRetentionMs: 0 })
  put('k', 'v', 10)
  put('k', 'again', 10)
  assert.deepEqual(plain(getAsOf('k', 11)), ['again', 10])

  put('k', 'v2', 12)
  assert.equal(getAsOf('k', 11), undefined)
  assert.deepEqual(plain(remove('k', 13)), ['v2', 12])
  assert.equal(get('k'), undefined)
  assert.equal(put('k2', 'v', 12), 'notPut')
  assert.deepEqual(dropped, ['expired'])
})

test('versions of a range are those that were valid in it, the newest first or the oldest', () => {
  const { puts, between } = open()
  puts(['v1', 70, 'undefined'], ['v2', 75, 'undefined'], [null, 80, 'undefined'], [null, 85, 'undefined'], ['v3', 90, 'undefined'], ['v4', 95, 'undefined'])
  const [v1, v2, v3, v4] = [['v1', 70, 75], ['v2', 75, 80], ['v3', 90, 95], ['v4', 95]]

  assert.deepEqual(between(60, 65), [])
  assert.deepEqual(between(70, 95), [v4, v3, v2, v1])
  assert.deepEqual(between(-Infinity, Infinity, true), [v1, v2, v3, v4])
  assert.deepEqual(between(96, 100), [v4])
  assert.deepEqual(between(95, 95), [v4])
  assert.deepEqual(between(69, 79), [v2, v1])
  assert.deepEqual(between(76, 89), [v2])
  assert.deepEqual(between(85, 90), [v3])
  assert.deepEqual(between(81, 84), [])
})

test('a range finds what is older than the history until its segment goes', () => {
  const { puts, put, between } = open()
  puts(['v', 10, 'undefined'], [null, 20, 'undefined'])

  put('other', 'a', history + segment - 1)
  assert.deepEqual(between(0, segment), [['v', 10, 20]])

  put('other', 'b', history + segment)
  assert.deepEqual(between(0, segment), [])
})

test('an empty text is a value', () => {
  const { put, get } = open()
  put('k', '', 10)

  assert.deepEqual(plain(get('k')), ['', 10])
})

test('keys that begin with another key have versions of their own', () => {
  const { put, getAsOf, versions } = open()
  for (const key of ['a', 'a\0', 'a\0\0\0\0\0\0\0\0\0', 'ab', '']) {
    put(key, `${key} old`, 1)
    put(key, `${key} new`, 5)
  }

  for (const key of ['a', 'a\0', 'a\0\0\0\0\0\0\0\0\0', 'ab', '']) {
    assert.equal(getAsOf(key, 3)?.value, `${key} old`)
    assert.equal(versions(key).length, 2)
  }
})

test('on random puts the store answers as a plain list of versions does', () => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = randomOf(seed)
    const { put, get, getAsOf } = open({ historyRetentionMs: 1_000_000 })
    const model = new Map<number, string | null>()
    for (let step = 0; step < 40; step++) {
      const timestamp = random(30)
      const value = random(3) === 0 ? null : `v${step}`
      const latest = Math.max(-1, ...model.keys())
      // The one thing a list does not show: deleting the latest value at its own time leaves nothing of it, unless it ended another.
      if (value === null && timestamp === latest && model.get(latest) !== null) continue
      const next = Math.min(...[...model.keys()].filter(each => each > timestamp))
      assert.equal(put('k', value, timestamp), next === Infinity ? 'undefined' : next, `seed ${seed}, step ${step}`)
      model.set(timestamp, value)
    }
    const valid = (asOf: number) => model.get(Math.max(...[...model.keys()].filter(each => each <= asOf))) ?? undefined
    for (let asOf = 0; asOf <= 30; asOf++) assert.equal(getAsOf('k', asOf)?.value, valid(asOf), `seed ${seed}, as of ${asOf}`)
    assert.equal(get('k')?.value, valid(30), `seed ${seed}`)
  }
})

function randomOf (seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor(state / 2 ** 32 * below)
  }
}

test('a history below nothing is refused with a reason', () => {
  assert.throws(() => defineVersioned({ name: 'versions', value: text, historyRetentionMs: -1 }), /has a history of -1 ms/)
})
