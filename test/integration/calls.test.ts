import { deepEqual, equal, ok } from 'node:assert/strict'
import { createRandom } from '../../bin/sample-events.ts'
import { assertRuns, headerOf, openCallsWorld, PARTITIONS, type CallsWorld, type FedErrand } from '../helpers/calls-world.ts'
import { DELAYS_MS } from '../helpers/calling.ts'
import { NEVER, REFUSED, type PartnerCall } from '../helpers/partner.ts'
import type { WorkerProcess } from '../helpers/recommender.ts'
import { integrationTest } from '../helpers/services.ts'
import { until } from '../helpers/until.ts'

/** Most pass at once; some after so many attempts as there are delays, some never, some are refused. */
function randomErrands (seed: number, { count, keys }: { readonly count: number, readonly keys: number }): FedErrand[] {
  const random = createRandom(seed)
  return Array.from({ length: count }, (_, id) => {
    const luck = random.next()
    const fails = luck < 0.01 ? REFUSED : luck < 0.015 ? NEVER : luck < 0.1 ? 1 + random.below(DELAYS_MS.length) : 0
    return { id, key: `k${random.below(keys)}`, fails, takesMs: random.below(20) }
  })
}

const isPermanent = ({ fails }: FedErrand): boolean => fails === REFUSED || fails > DELAYS_MS.length

function hasTasks (worker: WorkerProcess): boolean {
  assertRuns(worker)
  return /"tasks":\["[^\]]+\],"msg":"tasks assigned"/.test(worker.output())
}

/** What the state and the topics have in the end: each errand's one result, and the permanent failures. */
async function assertDone (world: CallsWorld, errands: readonly FedErrand[]): Promise<void> {
  const expected = errands.filter(errand => !isPermanent(errand)).map(({ key, id, fails }) => `${key} ${id}/${fails + 1}`).sort()
  const effects = [...await world.effects()].flatMap(([key, done]) => done.map(({ id, attempt }) => `${key} ${id}/${attempt}`)).sort()
  deepEqual(effects, expected, 'what took effect')
  deepEqual((await world.results()).map(({ key, id, attempt }) => `${key} ${id}/${attempt}`).sort(), expected, 'results')
  deepEqual(await world.letters(), errands.filter(isPermanent).map(({ id }) => id), 'dead letters')
}

integrationTest('calls on one worker: each errand has one result or one dead letter', async (t, services) => {
  const world = await openCallsWorld(t, services, 'delayed')
  const errands = randomErrands(1, { count: 300, keys: 40 })
  const worker = world.start()
  await until('it has tasks', () => hasTasks(worker))
  await world.feed(errands)
  await world.settled(errands.length)
  await assertDone(world, errands)
  console.log(world.partner.calls.length, (await world.retries()).length, [...await world.progress()].length, PARTITIONS)
  equal(await worker.stop(), 0)
})
