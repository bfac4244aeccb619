import fc from 'fast-check'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assignPartitions, type Assignment, type Candidate } from '../../../streams/log/assignor.ts'

const names = ['a', 'b', 'c', 'd', 'e'] as const
const topics = ['left', 'right', 'other', 'alone']
const together = [['left', 'right'], ['other']]

test('every partition has exactly one owner, sub-topologies are spread evenly and kept together', () => {
  fc.assert(fc.property(problems(), ({ candidates, partitionCounts }) => {
    const assignment = assignPartitions({ candidates, partitionCounts, together })

    for (const topic of topics) {
      const given = [...assignment.values()].flatMap(held => held.get(topic) ?? [])
      assert.deepEqual(given.toSorted((a, b) => a - b), [...Array(partitionCounts.get(topic)).keys()])
      const sizes = [...assignment.values()].map(held => held.get(topic)?.length ?? 0)
      assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1)
    }
    for (const held of assignment.values()) assert.deepEqual(held.get('left'), held.get('right'))
  }))
})

test('nothing moves when nothing changed', () => {
  fc.assert(fc.property(problems(), ({ candidates, partitionCounts }) => {
    const first = assignPartitions({ candidates, partitionCounts, together })

    const second = assignPartitions({ candidates: after(first), partitionCounts, together })

    assert.deepEqual(second, first)
  }))
})

test('when a member comes, the others only give', () => {
  fc.assert(fc.property(problems(), ({ candidates, partitionCounts }) => {
    const first = assignPartitions({ candidates, partitionCounts, together })

    const second = assignPartitions({ candidates: [...after(first), candidate('new')], partitionCounts, together })

    for (const [memberId, held] of first) {
      for (const [topic, partitions] of second.get(memberId) ?? []) {
        // A member that had less than the new even share of one list may not get more of it either.
        assert.ok(partitions.every(partition => held.get(topic)?.includes(partition)), `${memberId} was given ${topic}`)
      }
    }
  }))
})

test('when a member goes, the others keep all they had', () => {
  fc.assert(fc.property(problems(2), ({ candidates, partitionCounts }) => {
    const first = assignPartitions({ candidates, partitionCounts, together })
    const [gone] = first.keys()

    const second = assignPartitions({ candidates: after(first).filter(({ memberId }) => memberId !== gone), partitionCounts, together })

    for (const [memberId, held] of first) {
      if (memberId === gone) continue
      for (const [topic, partitions] of held) {
        assert.ok(partitions.every(partition => second.get(memberId)?.get(topic)?.includes(partition)), `${memberId} lost ${topic}`)
      }
    }
  }))
})

test('of two that claim a partition the later generation is right', () => {
  const owned = new Map([['alone', [0]]])

  const assignment = assignPartitions({
    candidates: [candidate('a', { owned, generation: 3 }), candidate('b', { owned, generation: 4 })],
    partitionCounts: new Map([['alone', 2]]),
    together: []
  })

  assert.deepEqual(assignment.get('b')?.get('alone'), [0])
})

test('a topic goes only to those who subscribe to it', () => {
  const assignment = assignPartitions({
    candidates: [candidate('old', { topics: new Set(['left']) }), candidate('new', { topics: new Set(['left', 'right']) })],
    partitionCounts: new Map([['left', 4], ['right', 4]]),
    together: [['left'], ['right']]
  })

  assert.deepEqual(assignment.get('new')?.get('right'), [0, 1, 2, 3])
  assert.equal(assignment.get('old')?.get('right'), undefined)
})

function problems (members = 1) {
  return fc.record({
    candidates: fc.uniqueArray(fc.constantFrom(...names), { minLength: members }).map(ids => ids.map(id => candidate(id))),
    partitionCounts: fc.tuple(fc.nat(13), fc.nat(13), fc.nat(13)).map(([pair, other, alone]) => new Map([['left', pair], ['right', pair], ['other', other], ['alone', alone]]))
  })
}

function candidate (memberId: string, overrides: Partial<Candidate> = {}): Candidate {
  return { memberId, topics: new Set(topics), owned: new Map(), generation: -1, ...overrides }
}

function after (assignment: Assignment): Candidate[] {
  return [...assignment].map(([memberId, owned]) => candidate(memberId, { owned, generation: 1 }))
}
