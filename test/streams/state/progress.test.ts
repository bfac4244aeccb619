import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { finish, isCovered, isFinished, type OffsetRange, type Progress } from '../../../streams/state/progress.ts'

const ranges = fc.array(fc.tuple(fc.nat(40), fc.integer({ min: 1, max: 5 })).map(([from, length]): OffsetRange => [from, from + length]), { maxLength: 30 })

test('whatever the order in which ranges are done, the progress says exactly which offsets are', () => {
  fc.assert(fc.property(fc.nat(10), ranges, (offset, done) => {
    const progress = done.reduce<Progress>(finish, { offset, beyond: [] })
    const isDone = (at: number): boolean => at < offset || done.some(([from, to]) => from <= at && at < to)
    for (let at = 0; at < 50; at++) assert.equal(at < progress.offset || isFinished(progress.beyond, at), isDone(at), `offset ${at}`)
    let end = progress.offset
    for (const [from, to] of progress.beyond) {
      assert.ok(from > end && to > from, 'ranges are in order and apart from each other, and the offset is as far as it can be')
      end = to
    }
    for (const range of done) assert.ok(isCovered(progress, range))
  }))
})
