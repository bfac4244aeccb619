import { equal } from 'node:assert/strict'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { faultRounds, type Round, type Variant } from '../../helpers/fault-rounds.ts'
import { openCuttingProxy } from '../../helpers/cutting-proxy.ts'
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
  'behind the commit, before Redis and the group offsets': killAt('written')
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
    const over = new AbortController()
    const fed = world.feed({ hurry: over.signal })
    const others = random.chance(0.5) ? [world.start(), world.start()] : []

    for (let kill = 0; kill < KILLS; kill++) {
      const { child, output } = world.startDying({ at: milestone, after: 1 + random.below(10), by: 'SIGKILL' })
      await once(child, 'exit')
      equal(child.signalCode, 'SIGKILL', `the worker was to die at '${milestone}', and ended otherwise:\n${output()}`)
    }
    const last = world.start()
    over.abort()
    await fed

    await world.finish(last, ...others)
  }
}

function killAround (when: 'before' | 'after'): Variant {
  return async ({ t, services, openWorld, random }) => {
    const world = await openWorld({ feedMs: LOAD_MS })
    let worker: WorkerProcess | undefined
    let commits = Infinity
    const { url } = await openCuttingProxy(t, services.postgres, () => {
      if (--commits > 0) return 'pass'
      commits = Infinity
      worker?.child.kill('SIGKILL')
      return when
    })
    const over = new AbortController()
    const fed = world.feed({ hurry: over.signal })
    const others = random.chance(0.5) ? [world.start(), world.start()] : []

    for (let kill = 0; kill < KILLS; kill++) {
      worker = world.start({ DATABASE_URL: url })
      commits = 1 + random.below(10)
      await once(worker.child, 'exit')
      equal(worker.child.signalCode, 'SIGKILL', worker.output())
    }
    const last = world.start()
    over.abort()
    await fed

    await world.finish(last, ...others)
  }
}
