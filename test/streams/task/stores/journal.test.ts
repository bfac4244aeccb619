import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Journal } from '../../../../streams/task/stores/journal.ts'

test('undo puts back what stood there before, in every map, whatever was written over it', () => {
  const journal = new Journal()
  const a = new Map([['kept', 1], ['changed', 2]])
  const b = new Map<string, string>()
  journal.set(a, 'changed', 3, a.get('changed'))
  journal.set(b, 'new', 'x', b.get('new'))
  journal.set(a, 'changed', 4, a.get('changed'))
  journal.set(b, 'new', 'y', b.get('new'))

  journal.undo()

  assert.deepEqual([...a], [['kept', 1], ['changed', 2]])
  assert.deepEqual([...b], [])
})

test('what was forgotten stays, also when more is undone after it', () => {
  const journal = new Journal()
  const map = new Map<string, number>()
  journal.set(map, 'a', 1, map.get('a'))
  journal.forget()
  journal.set(map, 'a', 2, map.get('a'))

  journal.undo()
  journal.undo()

  assert.deepEqual([...map], [['a', 1]])
})
