import assert from 'node:assert/strict'
import { test } from 'node:test'
import { text } from '../../../streams/serdes/text.ts'
import { defineSessionStore } from '../../../streams/stores/session-store.ts'
import { defineWindowStore } from '../../../streams/stores/window-store.ts'
import { openOperatorBench } from '../../helpers/operator.ts'

const options = { name: 'windows', key: text, value: text, retentionMs: 100, caching: false }

test('a range finds the windows of one key that start in it, both ends included, also backwards', () => {
  const store = defineWindowStore(options).open(openOperatorBench().execution)
  for (const key of ['a', 'a\0', 'b']) {
    for (const start of [1, 2, 3, 4]) store.put(key, start, `${key}${start}`, start + 10)
  }

  assert.deepEqual([...store.fetchRange('a', 2, 3)], [{ start: 2, value: 'a2', timestamp: 12 }, { start: 3, value: 'a3', timestamp: 13 }])
  assert.deepEqual([...store.fetchRange('a', 3, 1_000, { reverse: true })].map(({ start }) => start), [4, 3])
  assert.deepEqual([...store.fetchRange('a', 5, 4)], [])
})

test('a window that starts a retention before the latest is gone, also for who reads', () => {
  const store = defineWindowStore(options).open(openOperatorBench().execution)
  store.put('a', 0, 'zero', 0)
  store.put('a', 1, 'one', 1)
  store.put('a', 100, 'hundred', 100)

  assert.equal(store.fetch('a', 0), undefined)
  assert.deepEqual([...store.fetchRange('a', 0, 1_000)].map(({ start }) => start), [1, 100])
})

test('what is gone is removed, and with caching a while later', () => {
  for (const [caching, later] of [[false, 100], [true, 60_100]] as const) {
    const bench = openOperatorBench()
    const defined = defineWindowStore({ ...options, caching })
    const store = defined.open(bench.execution)
    const [rows] = defined.stores
    assert.ok(rows !== undefined)
    const kept = () => [...bench.store(rows).range('', undefined)].length
    store.put('a', 0, 'zero', 0)

    store.put('b', later - 1, 'not yet', 0)
    store.expire()
    assert.equal(kept(), 2)
    store.put('b', later, 'now', 0)
    store.expire()
    assert.equal(kept(), 2)
    assert.equal(store.fetch('a', 0), undefined)
  }
})

test('duplicates are kept in the order in which they came', () => {
  const store = defineWindowStore({ ...options, retainDuplicates: true }).open(openOperatorBench().execution)
  for (const [start, value] of [[5, 'first'], [4, 'earlier'], [5, 'second']] as const) store.put('a', start, value, start)
  store.put('a', 5, null, 5)

  assert.deepEqual([...store.fetchRange('a', 0, 9)].map(({ value }) => value), ['earlier', 'first', 'second'])
})

test('windows that close are taken once, and none that was deleted', () => {
  const store = defineWindowStore({ ...options, closes: true }).open(openOperatorBench().execution)
  store.put('b', 1, 'b1', 1)
  store.put('a', 1, 'a1', 1)
  store.put('a', 1, 'a1 again', 2)
  store.put('a', 2, 'a2', 2)
  store.put('c', 1, 'c1', 1)
  store.put('c', 1, null, 1)

  assert.deepEqual(store.takeClosed(0, 1), [{ key: 'a', start: 1, value: 'a1 again', timestamp: 2 }, { key: 'b', start: 1, value: 'b1', timestamp: 1 }])
  assert.deepEqual(store.takeClosed(0, 1), [])
  assert.deepEqual(store.takeClosed(0, 2).map(({ value }) => value), ['a2'])
  assert.throws(() => defineWindowStore(options).open(openOperatorBench().execution).takeClosed(0, 1), TypeError)
})

test('sessions are found by when they end and start, of one key', () => {
  const store = defineSessionStore({ ...options, name: 'sessions' }).open(openOperatorBench().execution)
  for (const [key, start, end] of [['a', 0, 10], ['a', 20, 30], ['a', 40, 50], ['a\0', 20, 30]] as const) store.put(key, { start, end }, `${key}${start}`)

  assert.deepEqual([...store.findSessions('a', 10, 20)], [{ window: { start: 0, end: 10 }, value: 'a0' }, { window: { start: 20, end: 30 }, value: 'a20' }])
  assert.deepEqual([...store.findSessions('a', 11, 39)].map(({ value }) => value), ['a20'])
  store.remove('a', { start: 20, end: 30 })
  assert.equal(store.fetchSession('a', { start: 20, end: 30 }), undefined)
  assert.deepEqual([...store.findSessions('a', -5, 1_000)].map(({ value }) => value), ['a0', 'a40'])
})
