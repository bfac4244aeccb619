import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newPosition, type PartitionView, type ResetTarget } from '../../../streams/admin/positions.ts'

// The cases of Kafka Streams' own tests of its reset tool, and those of ours.
const cases: readonly [title: string, target: ResetTarget, view: Partial<PartitionView>, position: number][] = [
  ['an offset inside is taken', { kind: 'offset', offset: 2 }, { beginning: 0, end: 4 }, 2],
  ['an offset beyond the end is the end', { kind: 'offset', offset: 12 }, { beginning: 5, end: 10 }, 10],
  ['an offset before the beginning is the beginning', { kind: 'offset', offset: 2 }, { beginning: 3, end: 4 }, 3],
  ['a shift forward from the position', { kind: 'shift', by: 3 }, { beginning: 0, end: 4, position: 0 }, 3],
  ['a shift before the beginning is the beginning', { kind: 'shift', by: -3 }, { beginning: 0, end: 4, position: 0 }, 0],
  ['a shift beyond the end is the end', { kind: 'shift', by: 5 }, { beginning: 0, end: 3, position: 0 }, 3],
  ['a shift is from Postgres, not from the group', { kind: 'shift', by: -2 }, { beginning: 0, end: 9, position: 7, groupOffset: 4 }, 5],
  ['a shift without a position is from the group', { kind: 'shift', by: -2 }, { beginning: 0, end: 9, groupOffset: 4 }, 2],
  ['a shift from nowhere is from the beginning', { kind: 'shift', by: 2 }, { beginning: 3, end: 9 }, 5],
  ['the earliest is the beginning', { kind: 'earliest' }, { beginning: 3, end: 9, position: 7 }, 3],
  ['the latest is the end', { kind: 'latest' }, { beginning: 3, end: 9, position: 7 }, 9],
  ['a time is the record found for it', { kind: 'time', timestamp: 1 }, { beginning: 0, end: 9, atTime: 6 }, 6],
  ['a time without a later record is the end', { kind: 'time', timestamp: 1 }, { beginning: 5, end: 5 }, 5],
  ['the group\'s offset is taken', { kind: 'group' }, { beginning: 0, end: 9, position: 7, groupOffset: 4 }, 4],
  ['a group\'s offset that retention deleted is the beginning', { kind: 'group' }, { beginning: 5, end: 9, groupOffset: 4 }, 5],
  ['without a group\'s offset no record is skipped', { kind: 'group' }, { beginning: 2, end: 9, position: 7 }, 2]
]

for (const [title, target, view, position] of cases) {
  test(title, () => assert.equal(newPosition(target, { topic: 't', partition: 0, beginning: 0, end: 0, ...view }), position))
}
