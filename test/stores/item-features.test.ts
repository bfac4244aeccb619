import assert from 'node:assert/strict'
import test from 'node:test'
import { readItemFeatures } from '../../stores/item-features.ts'
import { relatedOf } from '../helpers/related.ts'
import { fakeReader } from '../helpers/state.ts'

test('each item has its related ones, with what is known of them, in one look', async () => {
  const reader = fakeReader({
    counters: { item_popularity: { b: 2, c: 9 }, co_visitation_out: { a: 3, b: 5 }, co_visitation_in: { b: 3, c: 6 } },
    rankings: { co_visitation: { a: { b: 3, c: 1 }, b: { c: 5 } } }
  })

  const features = await readItemFeatures(reader, ['b', 'unknown', 'a'])

  assert.deepEqual(features, [
    { related: relatedOf([{ member: 'c', count: 5, incoming: 6, popularity: 9 }]), outgoing: 5 },
    { related: relatedOf([]), outgoing: 0 },
    { related: relatedOf([{ member: 'b', count: 3, incoming: 3, popularity: 2 }, { member: 'c', count: 1, incoming: 6, popularity: 9 }]), outgoing: 3 }
  ])
  assert.equal(reader.looks.length, 1)
})

test('of an item with many related ones the best 100 count', async () => {
  const next = Object.fromEntries(Array.from({ length: 120 }, (_, index) => [`i${index}`, 1000 - index]))
  const [features] = await readItemFeatures(fakeReader({ rankings: { co_visitation: { a: next } } }), ['a'])

  assert.deepEqual([features?.related.members.length, features?.related.members.at(-1)], [100, 'i99'])
})
