import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { hashOf, ItemTable } from '../../stores/item-table.ts'

test('items are numbered in the order in which they come, whatever was there before', () => {
  const table = new ItemTable()

  fc.assert(fc.property(fc.array(fc.string({ maxLength: 3 })), items => {
    table.clear()
    const numbers = items.map(item => table.numberOf(item, hashOf(item)))

    const distinct = [...new Set(items)]
    assert.deepEqual(numbers, items.map(item => distinct.indexOf(item)))
    assert.deepEqual([table.size, table.items.slice(0, table.size)], [distinct.length, distinct])
  }))
})

test('items of one hash are told apart, and more than it was made for find room', () => {
  const table = new ItemTable()
  const items = Array.from({ length: 10_000 }, (_, index) => `item-${index}`)
  const hash = (item: string): number => Math.trunc(hashOf(item) / 16) * 16

  const numbers = items.map(item => table.numberOf(item, hash(item)))

  assert.deepEqual(numbers, [...items.keys()])
  assert.deepEqual(items.map(item => table.numberOf(item, hash(item))), numbers)
})
