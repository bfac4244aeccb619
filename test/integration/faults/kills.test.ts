import { equal } from 'node:assert/strict'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { faultRounds, type Round, type Variant } from '../../helpers/fault-rounds.ts'
import { openCuttingProxy } from '../../helpers/cutting-proxy.ts'
import { openNetwork, through } from '../../helpers/network.ts'
import type { Services } from '../../helpers/services.ts'
import type { WorkerProcess } from '../../helpers/recommender.ts'
import type { Milestone } from '../../../streams/task/committer.ts'

faultRounds('kills', {
  'one worker, at any moment': async round => await killAtAnyMoment(round, 1),
  'three workers, at any moment': async round => await killAtAnyMoment(round, 3),
  'behind the rows that decide, before the positions': killAt('inserted'),
  'behind the positions, before producing': killAt('claimed'),
  'behind producing, before the state': killAt('produced'),
  'behind the state, before the commit': killAround('before'),
  'behind the commit, before its answer': killAround('after'),
  'behind the commit, before Redis and the group offsets': killAt('written'),
  'behind Redis, before it has answered': killAtAnswerOfRedis
})

/** How often a worker dies in a round. */
const KILLS = 3
/** Longer than dying takes: there is something to commit until the last has died. */
const LOAD_MS = 60_000

async function killAtAnyMoment ({ openWorld, random }: Round, count: number): Promise<void> {
  const world = await openWorld({ feedMs: 5_000 })
  const fed = world.feed()
  const workers: [WorkerProcess, ...WorkerProcess[]] = [world.start(), ...Array.from({ length: count - 1 }, () => world.start())]
  await world.underWay(workers[0])

  for (let kill = 0; kill < KILLS; kill++) {
    await sleep(random.below(1_500))
    const index = random.below(count)
    workers[index]?.child.kill('SIGKILL')
    workers[index] = world.start()
  }
  await fed

  await world.finish(...workers)
}

function killAt (milestone: Milestone): Variant {
  return async ({ openWorld, random }) => {
    const world = await openWorld({ feedMs: LOAD_MS })
    const load = world.load()
    const others = random.chance(0.5) ? [world.start(), world.start()] : []

    for (let kill = 0; kill < KILLS; kill++) {
      const { child, output } = world.startDying({ at: milestone, after: 1 + random.below(10), by: 'SIGKILL' })
      await once(child, 'exit')
      equal(child.signalCode, 'SIGKILL', `the worker was to die at '${milestone}', and ended otherwise:\n${output()}`)
    }
    const last = world.start()
    await load.end()

    await world.finish(last, ...others)
  }
}

function killAround (when: 'before' | 'after'): Variant {
  return async round => await killBetween(round, async (t, { postgres }, isDeadly) => {
    const { url } = await openCuttingProxy(t, postgres, () => isDeadly() ? when : 'pass')
    return { DATABASE_URL: url }
  })
}

async function killAtAnswerOfRedis (round: Round): Promise<void> {
  await killBetween(round, async (t, { redis }, isDeadly) => {
    const network = await openNetwork(t, Number(new URL(redis).port), isDeadly)
    return { REDIS_URL: through(network, redis) }
  })
}

/** Kills a worker in the moment in which the way to a service, opened by `open`, asks for the nth time whether it is to. */
async function killBetween (
  { t, services, openWorld, random }: Round, open: (t: TestContext, services: Services, isDeadly: () => boolean) => Promise<Readonly<Record<string, string>>>
): Promise<void> {
  const world = await openWorld({ feedMs: LOAD_MS })
  let worker: WorkerProcess | undefined
  let left = Infinity
  const environment = await open(t, services, () => {
    if (--left > 0) return false
    left = Infinity
    worker?.child.kill('SIGKILL')
    return true
  })
  const load = world.load()
  const others = random.chance(0.5) ? [world.start(), world.start()] : []

  for (let kill = 0; kill < KILLS; kill++) {
    worker = world.start(environment)
    left = 1 + random.below(10)
    await once(worker.child, 'exit')
    equal(worker.child.signalCode, 'SIGKILL', worker.output())
  }
  const last = world.start()
  await load.end()

  await world.finish(last, ...others)
}
