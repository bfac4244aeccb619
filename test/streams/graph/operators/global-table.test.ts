import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GlobalTableCopy, readGlobalTable } from '../../../../streams/graph/operators/global-table.ts'
import { DecodeError } from '../../../../streams/serdes/decode-error.ts'
import { json } from '../../../../streams/serdes/json.ts'
import { text } from '../../../../streams/serdes/text.ts'

const record = (key: string | null, value: string | null, timestamp: number) => ({
  key: key === null ? null : Buffer.from(key), value: value === null ? null : Buffer.from(value), timestamp
})

test('a copy has the last value of each key, in the order of arrival', () => {
  const copy = new GlobalTableCopy(text)
  const rows = readGlobalTable(copy, text)

  copy.apply(record('é', 'old', 5))
  copy.apply(record('é', 'new', 3))
  copy.apply(record('b', '', 7))

  assert.deepEqual(rows.get('é'), { value: 'new', timestamp: 3 })
  assert.deepEqual(rows.get('b'), { value: '', timestamp: 7 })
  assert.equal(copy.size, 2)
})

test('a record without a value deletes, one without a key is skipped', () => {
  const copy = new GlobalTableCopy(text)
  copy.apply(record('a', '1', 1))

  assert.equal(copy.apply(record(null, '2', 2)), 'null-key')
  assert.equal(copy.apply(record('a', null, 3)), 'applied')

  assert.equal(readGlobalTable(copy, text).get('a'), undefined)
  assert.equal(copy.size, 0)
})

test('a value that is none leaves the copy as it was', () => {
  const copy = new GlobalTableCopy(json)
  copy.apply(record('a', '1', 1))

  assert.throws(() => copy.apply(record('a', '{', 2)), DecodeError)
  assert.deepEqual(readGlobalTable(copy, text).get('a'), { value: 1, timestamp: 1 })
})
