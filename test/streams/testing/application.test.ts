import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMemoryState } from '../../../streams/state/memory-state.ts'
import { StateError, type State } from '../../../streams/state/state.ts'
import { Application } from '../../../streams/testing/application.ts'
import { DriverLog } from '../../../streams/testing/driver-log.ts'
import { VirtualClock } from '../../../streams/testing/virtual-clock.ts'
import { faulty, moving } from '../../helpers/tasks.ts'

function open (state: State) {
  const clock = new VirtualClock(0)
  const log = new DriverLog(clock.now)
  const application = new Application({ topology: moving, applicationId: 'test', log, state, clock, maxUnitRecords: 1, partitionsOf: () => 1, committed: () => {}, skipped: () => {}, debug: true })
  return { application, log }
}

test('what would be waited for in production is said: in a test nothing comes back by itself', async () => {
  let isAway = true
  const outage = (): void => { if (isAway) throw new StateError('outage', 'the database is away', undefined) }
  const { application, log } = open(faulty(openMemoryState(), { write: outage }))
  await application.engine()
  log.append([{ topic: 'moves', key: null, value: Buffer.from('{"id":"e","user":"u","item":"i"}'), headers: [], timestamp: 1 }])

  await assert.rejects(application.settle(), { message: "Topology 'moving' waits for Postgres, and in a test nothing comes back by itself: the database is away" })
  isAway = false
  await application.settle()

  assert.equal(log.recordsOf('seen').length, 2)
})

test('a rebalance raises the epoch of every task: who held it before writes no more', async () => {
  const state = openMemoryState()
  const { application } = open(state)
  const task = { subTopology: 'moves', partition: 0 }
  await application.settle()

  await application.rebalance()
  await application.rebalance()

  assert.deepEqual((await state.positions([task])).map(({ epoch }) => epoch), [3])
})
