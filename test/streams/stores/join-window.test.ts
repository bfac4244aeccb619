import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { text } from '../../../streams/serdes/text.ts'
import { defineJoinWindow, openJoinWindow } from '../../../streams/stores/join-window.ts'
import { openOperatorBench } from '../../helpers/operator.ts'

function open ({ beforeMs = 100, afterMs = 100, graceMs = 0 } = {}) {
  const bench = openOperatorBench()
  const window = openJoinWindow(bench.execution, defineJoinWindow({ name: 'window', key: text, value: text, bounds: { beforeMs, afterMs, graceMs } }))
  return { bench, put: window.put, values: (key: string, from: number, to: number) => window.fetch(key, from, to).map(({ value }) => value) }
}

test('two records of one key and time are both kept, in the order in which they came', () => {
  const { put, values } = open()
  put('k', 'second', 5)
  put('k', 'third', 5)
  put('k', 'first', 4)

  deepEqual(values('k', 0, 10), ['first', 'second', 'third'])
})

test('both ends of the asked time belong to it', () => {
  const { put, values } = open()
  for (const timestamp of [4, 5, 6, 7, 8]) put('k', String(timestamp), timestamp)

  deepEqual(values('k', 5, 7), ['5', '6', '7'])
})

test('a key is never taken for one that begins like it', () => {
  const { put, values } = open()
  for (const key of ['', 'a', 'a\0', 'a\0\0\0\0\0\0\0\0', 'ab', 'a\xff']) put(key, JSON.stringify(key), 1)

  deepEqual(values('a', 0, 100), ['"a"'])
  deepEqual(values('', 0, 100), ['""'])
  deepEqual(values('a\0', 0, 100), [JSON.stringify('a\0')])
})

test('what is as old as the retention is not found any more, by the newest record of this side', () => {
  const { put, values } = open({ beforeMs: 6, afterMs: 3, graceMs: 1 })
  put('k', 'old', 90)
  put('k', 'young', 91)
  put('other', 'newest', 100)

  deepEqual(values('k', 0, 1_000), ['young'])
})

test('what is no longer found is given to the store to be removed', () => {
  const { bench, put } = open()
  put('k', 'old', 90)
  put('k', 'newest', 1_000)

  deepEqual([...bench.store({ name: 'window' } as Parameters<typeof bench.store>[0]).range('', undefined)].map(({ value }) => value), ['newest'])
})

test('a late record counts as expired only when its whole segment of time is over, as in Kafka Streams', () => {
  const { put } = open({ beforeMs: 50, afterMs: 50 })
  put('k', 'newest', 120_100)

  equal(put('k', 'too late to be found', 120_000), true)
  equal(put('k', 'of a segment that is over', 119_999), false)
})
