import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deadlineAfter } from '../../../streams/task/deadline.ts'

/** What is called at these times, beginning with this deadline. */
function watch (first: number, everyMs: number, calls: readonly number[]): { readonly fires: number[], readonly deadlines: number[] } {
  let deadline = first
  const fires: number[] = []
  const deadlines: number[] = []
  for (const now of calls) {
    fires.push(deadline <= now ? 1 : 0)
    if (deadline <= now) deadline = deadlineAfter(deadline, everyMs, now)
    deadlines.push(deadline)
  }
  return { fires, deadlines }
}

test('deadlines lie an interval apart, and a call that comes late makes up for all that were missed', () => {
  assert.deepEqual(watch(0, 100, [-100, -1, 0, 99, 100, 901, 902, 1000]), {
    fires: [0, 0, 1, 0, 1, 1, 0, 1], deadlines: [0, 0, 100, 100, 200, 1000, 1000, 1100]
  })
})

test('they stay aligned with the first one', () => {
  assert.deepEqual(watch(50, 100, [0, 49, 50, 149, 150, 1051, 1052, 1150]), {
    fires: [0, 0, 1, 0, 1, 1, 0, 1], deadlines: [50, 50, 150, 150, 250, 1150, 1150, 1250]
  })
})
