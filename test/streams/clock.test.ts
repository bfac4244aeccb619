import { deepEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../streams/clock.ts'

test('nothing is run before its time, neither by a timer nor after a sleep', async () => {
  const early: number[] = []
  const waits = Array.from({ length: 300 }, (_, index) => 1 + index % 7)

  for (const ms of waits) {
    const begun = performance.now()
    const passed = (): void => { if (performance.now() - begun < ms) early.push(performance.now() - begun - ms) }
    await Promise.all([
      new Promise<void>(resolve => systemClock.timer(ms, () => {
        passed()
        resolve()
      })),
      systemClock.sleep(ms).then(passed)
    ])
  }

  deepEqual(early, [])
})
