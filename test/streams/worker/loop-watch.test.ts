import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { createLoopWatch } from '../../../streams/worker/loop-watch.ts'

test('a record that is still the same after so many ticks loops', () => {
  const isLooping = createLoopWatch(3)

  deepEqual([7, 7, 7, 7, 7].map(run => isLooping(run)), [false, false, false, true, true])
})

test('records that follow each other do not loop, nor does a thread that has none', () => {
  const isLooping = createLoopWatch(2)

  equal([1, 1, 2, 2, 3, undefined, 3, 3, undefined, undefined, undefined, undefined].some(run => isLooping(run)), false)
})
