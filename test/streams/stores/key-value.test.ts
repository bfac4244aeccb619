import assert from 'node:assert/strict'
import { test } from 'node:test'
import { text } from '../../../streams/serdes/text.ts'
import { behindPrefix } from '../../../streams/stores/key-bytes.ts'
import { openKeyValue } from '../../../streams/stores/key-value.ts'
import { defineOrdered } from '../../../streams/stores/ordered.ts'
import { openOperatorBench } from '../../helpers/operator.ts'

function openWith (...keys: readonly string[]) {
  const store = openKeyValue(openOperatorBench().execution, defineOrdered({ name: 'rows', value: text }), text)
  keys.forEach((key, index) => store.put(key, `value of ${key}`, index))
  return store
}

test('a key has the value that was put last, with its time, until it is deleted', () => {
  const store = openWith('a')

  store.put('a', 'again', 7)
  assert.partialDeepStrictEqual(store.get('a'), { value: 'again', timestamp: 7 })

  store.delete('a')
  assert.equal(store.get('a'), undefined)
})

test('keys stand in the order of their bytes, both ends of a range belong to it', () => {
  const { range, all } = openWith('b', 'é', 'a', 'ab', '\u{10000}', '￿')

  assert.deepEqual([...all()].map(({ key }) => key), ['a', 'ab', 'b', 'é', '￿', '\u{10000}'])
  assert.deepEqual([...all({ reverse: true })].map(({ key }) => key), ['\u{10000}', '￿', 'é', 'b', 'ab', 'a'])
  assert.deepEqual([...range('a', 'b')].map(({ key }) => key), ['a', 'ab', 'b'])
  assert.deepEqual([...range(undefined, 'a')].map(({ key, value, timestamp }) => [key, value, timestamp]), [['a', 'value of a', 2]])
  assert.deepEqual([...range('é', undefined, { reverse: true })].map(({ key }) => key), ['\u{10000}', '￿', 'é'])
})

test('a prefix ends before the next one, also where its last byte is the greatest', () => {
  assert.equal(behindPrefix('a'), 'b')
  assert.equal(behindPrefix('a\xff\xff'), 'b')
  assert.equal(behindPrefix('\xff'), undefined)
  assert.equal(behindPrefix(''), undefined)
})
