import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StoreStates } from '../../../../streams/task/stores/store-states.ts'
import { coVisitation } from '../../../../stores/co-visitation.ts'
import { itemPopularity } from '../../../../stores/item-popularity.ts'

const open = () => {
  const stores = new StoreStates([itemPopularity, coVisitation])
  return { stores, popularity: stores.writer(itemPopularity), pairs: stores.writer(coVisitation) }
}

const written = (stores: StoreStates): unknown => stores.writes().map(write => write.kind === 'counter' ? [write.store.name, Object.fromEntries(write.amounts)] : write)

test('amounts of one key add up within a unit', () => {
  const { stores, popularity, pairs } = open()
  popularity.add({ item_id: 'a' }, 2)
  popularity.add({ item_id: 'a' }, 3)
  pairs.add({ prev_item_id: 'a', next_item_id: 'b' }, 1)

  stores.seal()

  assert.deepEqual(written(stores), [['item_popularity', { a: 5 }], ['co_visitation', { 'a\u0000b': 1 }]])
})

test('an undone record takes back what it added, and only that', () => {
  const { stores, popularity } = open()
  stores.beginRecord(0)
  popularity.add({ item_id: 'a' }, 2)
  stores.beginRecord(0)
  popularity.add({ item_id: 'a' }, 10)
  popularity.add({ item_id: 'b' }, 10)
  popularity.add({ item_id: 'a' }, 10)

  stores.undoRecord()
  stores.seal()

  assert.deepEqual(written(stores), [['item_popularity', { a: 2 }]])
})

test('what a sealed unit writes is not changed by the one behind it, and is gone when it is committed', () => {
  const { stores, popularity } = open()
  popularity.add({ item_id: 'a' }, 1)
  stores.seal()
  popularity.add({ item_id: 'a' }, 7)

  assert.deepEqual(written(stores), [['item_popularity', { a: 1 }]])
  stores.committed([])
  assert.deepEqual(written(stores), [])
  stores.seal()

  assert.deepEqual(written(stores), [['item_popularity', { a: 7 }]])
})

test('undo forgets the sealed unit and the one behind it', () => {
  const { stores, popularity } = open()
  popularity.add({ item_id: 'a' }, 1)
  stores.seal()
  popularity.add({ item_id: 'b' }, 1)

  stores.undo()
  stores.seal()

  assert.deepEqual(written(stores), [])
})

test('an amount that is no whole number above zero is refused', () => {
  const { popularity } = open()
  for (const amount of [0, -1, 0.5, NaN, Infinity, 2 ** 53]) assert.throws(() => popularity.add({ item_id: 'a' }, amount), RangeError)
})

test('a key that no text can be is refused', () => {
  const { popularity } = open()
  for (const item_id of ['a\u0000b', '\ud800']) assert.throws(() => popularity.add({ item_id }, 1), TypeError)
})
