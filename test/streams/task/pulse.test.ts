import { deepEqual, equal, notEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { Pulse } from '../../../streams/task/pulse.ts'

test('another thread sees which record is in which node, and nothing between two records', () => {
  const pulse = new Pulse()
  const seen = new Pulse(pulse.memory)
  equal(seen.read(), undefined)

  pulse.begin(2, 11, 2 ** 40, 5)
  pulse.enter(9)
  const { run, ...beat } = seen.read() ?? {}
  pulse.end()

  deepEqual(beat, { source: 2, partition: 11, offset: 2 ** 40, node: 9 })
  equal(seen.read(), undefined)
  pulse.begin(2, 11, 2 ** 40, 5)
  notEqual(seen.read()?.run, run)
})
