import { ok } from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import Type from 'typebox'
import { Value } from 'typebox/value'
import { faultRounds, type Round, type Variant } from '../../helpers/fault-rounds.ts'
import { watchPauses } from '../../helpers/pauses.ts'
import { progress } from '../../helpers/progress.ts'
import type { WorkerProcess } from '../../helpers/recommender.ts'
import { until } from '../../helpers/until.ts'
import { run } from '../../../scripts/services/processes.ts'
import type { Milestone } from '../../../streams/task/committer.ts'

faultRounds('zombies', {
  'stopped at any moment, past its session': atAnyMoment,
  'stopped with its rows inserted': standingStill('inserted'),
  'stopped with the positions locked': standingStill('claimed'),
  'stopped with everything produced, before the commit': standingStill('produced'),
  'stopped behind the commit, before Redis': standingStill('written')
})

const SESSION_MS = 2_000
/** What a rebalance, a heartbeat and a busy machine may add to the session, before somebody else goes on. */
const TAKEOVER_MS = 6_000

async function atAnyMoment ({ openWorld, random }: Round): Promise<void> {
  const world = await openWorld({ feedMs: 60_000 })
  const load = world.load()
  const workers = [world.start(), world.start()] as const
  await world.underWay(workers[0])

  for (let stop = 0; stop < 2; stop++) {
    const { child } = random.pick(workers)
    child.kill('SIGSTOP')
    await sleep(SESSION_MS + 500 + random.below(1_500))
    child.kill('SIGCONT')
    await sleep(random.below(1_000))
  }
  await load.end()

  await world.finish(...workers)
}

/** It freezes in the middle of a unit; its locks must not hold the other up, and what it does when it wakes must change nothing. */
function standingStill (at: Milestone): Variant {
  return async ({ t, openWorld, random, measured }) => {
    const world = await openWorld({ feedMs: 60_000 })
    const load = world.load()
    const heir = world.start()
    await heir.address()
    const zombie = world.startDying({ at, after: 2 + random.below(10), by: 'SIGSTOP' })
    await isStopped(zombie)
    const pauses = await watchPauses(t, world)
    const frozen = await pauses.owners()

    await until('the partitions of the worker that stands still have another owner', async () => {
      const owners = await pauses.owners()
      return new Set(Object.values(owners)).size === 1 && Object.entries(owners).some(([task, owner]) => owner !== frozen[task])
    })
    await progress(world, heir)
    const stoodStillMs = await pauses.longestMs()
    zombie.child.kill('SIGCONT')
    const address = await zombie.address()
    await until('the worker that woke has partitions again', async () => await hasTasks(address))
    await load.end()

    measured('taken over after, ms', stoodStillMs)
    ok(stoodStillMs < SESSION_MS + TAKEOVER_MS, `partitions of a frozen worker stood still for ${stoodStillMs} ms`)
    await world.finish(heir, zombie)
  }
}

async function isStopped ({ child, output }: WorkerProcess): Promise<void> {
  await until('the worker stands still', async () => {
    if (child.exitCode !== null) throw new Error(`the worker was to stand still, and ended:\n${output()}`)
    const { stdout } = await run('ps', ['-o', 'state=', '-p', String(child.pid)])
    return stdout.trim().startsWith('T')
  })
}

/** Whether it is a member with partitions again. */
async function hasTasks (address: string): Promise<boolean> {
  const { tasks } = Value.Parse(Tasks, await (await fetch(`${address}/stream/worker`)).json())
  return tasks.length > 0 && tasks.length < TASKS
}

const Tasks = Type.Object({ tasks: Type.Array(Type.String()) })
/** Two sub-topologies over six partitions. */
const TASKS = 12
