import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { text } from '../../../streams/serdes/text.ts'
import { defineUnmatched, openUnmatched } from '../../../streams/stores/unmatched.ts'
import { openOperatorBench } from '../../helpers/operator.ts'

function open () {
  const declared = defineUnmatched({ name: 'unmatched', key: text, left: text, right: text })
  const unmatched = openUnmatched(openOperatorBench().execution, declared)
  return { ...declared, ...unmatched, waiting: () => [...unmatched.oldestFirst()].map(entry => [entry.timestamp, entry.of.side, unmatched.keyOf(entry), ...entry.of.values]) }
}

test('the order is by time, right before left, and the bytes of the key', () => {
  const { add, waiting, newest } = open()
  add('b', 5, { side: 'left', values: ['1'] })
  add('ab', 5, { side: 'left', values: ['2'] })
  add('z', 5, { side: 'right', values: ['3'] })
  add('a', 5, { side: 'left', values: ['4'] })
  add('z', 4, { side: 'left', values: ['5'] })

  deepEqual(waiting(), [[4, 'left', 'z', '5'], [5, 'right', 'z', '3'], [5, 'left', 'a', '4'], [5, 'left', 'ab', '2'], [5, 'left', 'b', '1']])
  equal(newest()?.timestamp, 5)
})

test('records of one side, key and time wait together, and a match takes all of them and no others', () => {
  const { add, match, waiting } = open()
  add('k', 5, { side: 'left', values: ['1'] })
  add('k', 5, { side: 'left', values: ['2'] })
  add('k', 5, { side: 'right', values: ['3'] })
  add('k', 6, { side: 'left', values: ['4'] })
  deepEqual(waiting(), [[5, 'right', 'k', '3'], [5, 'left', 'k', '1', '2'], [6, 'left', 'k', '4']])

  match('k', 5, 'left')

  deepEqual(waiting(), [[5, 'right', 'k', '3'], [6, 'left', 'k', '4']])
})

test('values of both sides come back from their bytes', () => {
  const { ordered: { value: { encode, decode } } } = open()

  for (const side of ['left', 'right'] as const) deepEqual(decode(encode({ side, values: ['', 'ä', 'b'] })), { side, values: ['', 'ä', 'b'] })
})
