import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { best, compareCandidates, type Candidate } from '../../api/ranking.ts'

function candidate (item: string, score: number, popularity: number): Candidate {
  return { item, score, popularity, coVisitation: 0, popular: 0 }
}

test('equal scores go by popularity, then by the bytes of the id', () => {
  const candidates = [candidate('b', 1, 5), candidate('a', 1, 5), candidate('c', 1, 9), candidate('d', 2, 0), candidate('😀', 1, 5), candidate('\uffff', 1, 5)]

  assert.deepEqual(best(candidates, 6).map(({ item }) => item), ['d', 'c', 'a', 'b', '\uffff', '😀'])
})

test('the best k are what a full sort begins with', () => {
  const few = fc.integer({ min: 0, max: 3 })
  const candidates = fc.uniqueArray(fc.tuple(fc.string({ maxLength: 2 }), few, few), { selector: ([item]) => item })

  fc.assert(fc.property(candidates, fc.integer({ min: 1, max: 12 }), (tuples, k) => {
    const all = tuples.map(([item, score, popularity]) => candidate(item, score, popularity))
    assert.deepEqual(best(all, k), all.toSorted(compareCandidates).slice(0, k))
  }))
})
