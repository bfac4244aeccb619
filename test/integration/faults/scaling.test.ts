import { deepEqual, equal, ok } from 'node:assert/strict'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { faultRounds, type Round } from '../../helpers/fault-rounds.ts'
import { watchPauses } from '../../helpers/pauses.ts'
import type { WorkerProcess } from '../../helpers/recommender.ts'

faultRounds('scaling', {
  '1 → 3 → 2 → 1, by SIGTERM': async round => await scale(round, 'SIGTERM'),
  '1 → 3 → 2 → 1, by SIGKILL': async round => await scale(round, 'SIGKILL'),
  'all restarted, one after the other': async round => await restartAll(round),
  'a static member restarted within its session': async round => await restartStatic(round),
  'more signals while it stops': async round => await signalAgain(round)
})

async function scale ({ t, openWorld, random, measured }: Round, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  const world = await openWorld({ feedMs: 30_000 })
  const load = world.load()
  const one = world.start()
  await world.underWay(one)
  const pauses = await watchPauses(t, world)

  const two = world.start()
  const three = world.start()
  await Promise.all([two.address(), three.address()])
  await sleep(random.below(1_000))
  await end(two, signal)
  await sleep(random.below(1_000))
  const [leaves, stays] = random.shuffle([one, three])
  ok(leaves !== undefined && stays !== undefined)
  await end(leaves, signal)
  await sleep(random.below(1_000))
  measured(`longest pause of a partition, ms, by ${signal}`, await pauses.longestMs())
  await load.end()

  await world.finish(stays)
}

async function restartAll ({ t, openWorld, measured }: Round): Promise<void> {
  const world = await openWorld({ feedMs: 30_000 })
  const load = world.load()
  const workers: [WorkerProcess, WorkerProcess, WorkerProcess] = [world.start(), world.start(), world.start()]
  await world.underWay(workers[0])
  const pauses = await watchPauses(t, world)

  for (const [index, worker] of workers.entries()) {
    await end(worker, 'SIGTERM')
    workers[index] = world.start()
    await workers[index]?.address()
  }
  measured('longest pause of a partition, ms, all restarted', await pauses.longestMs())
  await load.end()

  await world.finish(...workers)
}

/** Its partitions wait for it, whether it left in order or was killed, and those of the others never stand still. */
async function restartStatic ({ t, openWorld, random, measured }: Round): Promise<void> {
  const world = await openWorld({ feedMs: 40_000, environment: { KAFKA_SESSION_TIMEOUT_MS: '15000' } })
  const load = world.load()
  const start = (name: string): WorkerProcess => world.start({ KAFKA_GROUP_INSTANCE_ID: `${world.applicationId}-${name}` })
  const stays = start('stays')
  let restarted = start('restarted')
  await Promise.all([stays.address(), restarted.address()])
  const pauses = await watchPauses(t, world)
  const before = await pauses.owners()

  await end(restarted, random.pick(['SIGTERM', 'SIGKILL'] as const))
  restarted = start('restarted')
  await restarted.address()
  await sleep(500)

  deepEqual(await pauses.owners(), before, 'no partition has moved')
  measured('longest pause of a partition, ms, static member', await pauses.longestMs())
  await load.end()
  await world.finish(stays, restarted)
}

/** Under load: they change nothing. */
async function signalAgain ({ openWorld }: Round): Promise<void> {
  const world = await openWorld({ feedMs: 1_000 })
  const fed = world.feed()
  const worker = world.start()
  await world.underWay(worker)

  const stopped = worker.stop()
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGTERM'] as const) worker.child.kill(signal)

  equal(await stopped, 0)
  await fed
  await world.finish(world.start())
}

async function end ({ child }: WorkerProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  const exited = once(child, 'exit')
  child.kill(signal)
  await exited
}
