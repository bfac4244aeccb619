import { deepEqual, equal, ok } from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { assertSameLines, openLanguageWorld, type LanguageWorld, type SinkRecord, type StoredRow } from '../helpers/language-world.ts'
import { randomDays, randomLines, type FedRecord } from '../helpers/random-days.ts'
import type { WorkerProcess } from '../helpers/recommender.ts'
import { integrationTest, type Services } from '../helpers/services.ts'
import { until } from '../helpers/until.ts'

/**
 * Several partitions are read in an order that differs from run to run, so two runs agree only on what does not depend on it. Each
 * comparison below says why it does not; that the inputs are made for it, `random-days.ts` says. The driver is run twice, in two
 * orders, and has to agree with itself before anything is compared with it.
 */
interface Case {
  readonly language: string
  /** Each is processed to the end before the next one is written. In the longer ones a worker dies. */
  readonly steps: readonly (readonly FedRecord[])[]
  readonly compare: (side: Pick<LanguageWorld, 'sink' | 'rows'>) => Promise<Readonly<Record<string, readonly string[]>>>
}

const recordLine = ({ key, value, timestamp }: SinkRecord): string => JSON.stringify([key, value, timestamp])

const rowLine = ({ partition, key, value, timestamp }: StoredRow): string => JSON.stringify([partition, key, value, timestamp])

/** Longer ones are fed slowly, with a worker that dies. */
const LONG = 1_000

async function expectedOf (world: LanguageWorld, { steps, compare }: Case): Promise<Readonly<Record<string, readonly string[]>>> {
  const [together, alone] = [world.driver(), world.driver({ maxUnitRecords: 1 })]
  for (const step of steps) {
    await together.feed(step)
    await alone.feed(step.toReversed().toSorted((a, b) => a.partition - b.partition || a.timestamp - b.timestamp))
  }
  const [expected, other] = [await compare(together), await compare(alone)]
  for (const [what, lines] of Object.entries(expected)) assertSameLines(other[what] ?? [], lines, `${what}: the driver in another order`)
  return expected
}

async function assertSurvives (t: TestContext, services: Services, given: Case): Promise<void> {
  const world = await openLanguageWorld(t, services, given.language)
  const expected = await expectedOf(world, given)
  const survivor = world.start()
  let other: WorkerProcess | undefined

  for (const step of given.steps) {
    if (step.length < LONG) await world.feed(step)
    else {
      // With half of the tasks it dies soon: with a unit that is in the log and not in the state, while records come.
      const dying = world.start(3)
      await until('both have tasks', () => hasTasks(dying) && hasTasks(survivor))
      equal(await other?.stop() ?? 0, 0)
      await world.feed(step, 60)
      await until('one is dead', () => dying.child.signalCode === 'SIGKILL')
      other = world.start()
      await until('another has tasks', () => other !== undefined && hasTasks(other))
    }
    await world.settled(survivor)
  }

  const actual = await given.compare(world)
  for (const [what, lines] of Object.entries(expected)) {
    ok(lines.length > 0, `${what} is empty`)
    assertSameLines(actual[what] ?? [], lines, what)
  }
  deepEqual([await survivor.stop(), await other?.stop()], [0, 0])
}

function hasTasks (worker: WorkerProcess): boolean {
  ok(worker.child.exitCode === null && worker.child.signalCode === null, worker.output())
  return /"tasks":\["[^\]]+\],"msg":"tasks assigned"/.test(worker.output())
}

integrationTest('a word count on two workers of which one is killed is what the driver counts', async (t, services) => {
  await assertSurvives(t, services, {
    language: 'word-count',
    steps: [randomLines(1, 1_500)],
    compare: async side => ({
      // Each word has had each of its counts once; at what time depends on which line was counted first.
      counted: (await side.sink('out')).map(({ key, value }) => JSON.stringify([key, value])),
      // The time of a row is the latest of its records'.
      counts: (await side.rows('counts')).map(rowLine)
    })
  })
})

integrationTest('a left join of streams on two workers of which one is killed pairs what the driver pairs', async (t, services) => {
  await assertSurvives(t, services, {
    language: 'left-join',
    steps: randomDays(2, { days: 2, records: 1_200, sides: ['left', 'right'], users: 400 }),
    compare: async side => ({
      // A pair comes once, whichever record was first, with the later time of both; who stays alone is known when the day is over.
      // Which of two records a pair comes from depends on which was first, also when a unit is run again: so each is taken once.
      pairs: [...new Set((await side.sink('out')).map(recordLine))],
      // Keys end with a number in the order of arrival.
      left: (await side.rows('pair-this-join-store')).map(row => rowLine({ ...row, key: '' })),
      right: (await side.rows('pair-outer-other-join-store')).map(row => rowLine({ ...row, key: '' }))
    })
  })
})

integrationTest('sessions on two workers of which one is killed close once, with what the driver has in them', async (t, services) => {
  await assertSurvives(t, services, {
    language: 'session-counts',
    steps: randomDays(3, { days: 2, records: 1_200, sides: ['left'], users: 40 }),
    compare: async side => ({
      // Records of one session come in any order: their number, the sum of their lengths and first and last time stay the same.
      closed: (await side.sink('out')).map(recordLine),
      released: (await side.sink('out2')).map(recordLine),
      counts: (await side.rows('session_counts')).map(rowLine),
      open: (await side.rows('session_counts-open')).map(rowLine),
      lengths: (await side.rows('session_lengths')).map(rowLine),
      held: (await side.rows('held-store')).map(row => rowLine({ ...row, key: '' }))
    })
  })
})
