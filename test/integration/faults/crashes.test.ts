import { equal } from 'node:assert/strict'
import { FAULT_ROUNDS, openFaultWorld } from '../../helpers/faults.ts'
import { integrationTest } from '../../helpers/services.ts'

integrationTest('a worker killed at any moment, again and again, counts every record once', async (t, services) => {
  const world = await openFaultWorld(t, services, { seed: 31, feedMs: 2_000 * FAULT_ROUNDS })
  const fed = world.feed()
  let worker = world.start()
  await world.underWay(worker)

  for (let round = 0; round < FAULT_ROUNDS; round++) {
    worker.child.kill('SIGKILL')
    worker = world.start()
    await new Promise(resolve => setTimeout(resolve, 500 + world.random.below(2_000)))
  }
  await fed

  await world.assertAll(worker)
  equal(await worker.stop(), 0)
})

integrationTest('a worker that stood still past its session, while another had its tasks, does no harm when it goes on', async (t, services) => {
  const world = await openFaultWorld(t, services, { seed: 32, feedMs: 4_000 * FAULT_ROUNDS })
  const fed = world.feed()
  const workers = [world.start(), world.start()] as const
  await world.underWay(workers[0])

  for (let round = 0; round < FAULT_ROUNDS; round++) {
    const { child } = world.random.pick(workers)
    child.kill('SIGSTOP')
    await new Promise(resolve => setTimeout(resolve, 2_500 + world.random.below(1_500)))
    child.kill('SIGCONT')
    await new Promise(resolve => setTimeout(resolve, world.random.below(1_000)))
  }
  await fed

  await world.assertAll(workers[0])
  for (const worker of workers) equal(await worker.stop(), 0)
})

integrationTest('further signals change nothing about a worker that is stopping under load', async (t, services) => {
  const world = await openFaultWorld(t, services, { seed: 33, feedMs: 1_000 })
  const fed = world.feed()
  const worker = world.start()
  await world.underWay(worker)

  const stopped = worker.stop()
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGTERM'] as const) worker.child.kill(signal)

  equal(await stopped, 0)
  await fed
  const next = world.start()
  await world.assertAll(next)
  equal(await next.stop(), 0)
})
