import { deepEqual, equal, ok } from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { assertSameLines, openLanguageWorld, type LanguageWorld, type SinkRecord, type StoredRow } from '../helpers/language-world.ts'
import { randomDays, randomLines, randomRows, type FedRecord } from '../helpers/random-days.ts'
import { millrace } from '../helpers/millrace.ts'
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
    // The right side first, and the last partition: within a partition the order is always the log's.
    await alone.feed(step.toSorted((a, b) => b.side.localeCompare(a.side) || b.partition - a.partition))
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

interface PlainCase extends Case {
  /** Written before the worker starts. */
  readonly before?: readonly FedRecord[]
}

async function assertEqual (t: TestContext, services: Services, { before = [], ...given }: PlainCase): Promise<void> {
  const world = await openLanguageWorld(t, services, given.language)
  const expected = await expectedOf(world, { ...given, steps: [before, ...given.steps] })
  await world.feed(before)
  const worker = world.start()
  for (const step of given.steps) {
    await world.feed(step)
    await world.settled(worker)
  }
  const actual = await given.compare(world)
  for (const [what, lines] of Object.entries(expected)) {
    ok(lines.length > 0, `${what} is empty`)
    assertSameLines(actual[what] ?? [], lines, what)
  }
  equal(await worker.stop(), 0)
}

/** The last one of each key that is not deleted: what a reader of the topic has as its table. */
function lastOfEach (records: readonly SinkRecord[]): SinkRecord[] {
  return [...new Map(records.map(record => [record.key, record])).values()].filter(({ value }) => value !== null)
}

const numbered = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, nth) => `${prefix}${nth}`)

integrationTest('a join of tables has in the end the rows that the driver has', async (t, services) => {
  await assertEqual(t, services, {
    language: 'table-join',
    steps: [randomRows(4, { records: 400, keysOf: () => numbered('k', 60) }), randomRows(5, { records: 200, keysOf: () => numbered('k', 80) })],
    compare: async side => ({
      // What comes out on the way depends on which table was first; the last rows of both do not, and so neither does their join. Its
      // time does: a row on the right that was there and is deleted moves it on.
      rows: (await side.rows('joined')).map(row => rowLine({ ...row, timestamp: 0 })),
      told: lastOfEach(await side.sink('out')).map(({ key, value }) => JSON.stringify([key, value]))
    })
  })
})

integrationTest('a foreign-key join has in the end the rows that the driver has', async (t, services) => {
  await assertEqual(t, services, {
    language: 'foreign-key-join',
    steps: [randomRows(6, { records: 400, keysOf: side => side === 'left' ? numbered('order-', 80) : numbered('u', 40) })],
    compare: async side => ({
      // A row's time is that of whichever side was heard of last.
      rows: (await side.rows('joined')).map(row => rowLine({ ...row, timestamp: 0 })),
      told: lastOfEach(await side.sink('out')).map(({ key, value }) => JSON.stringify([key, value]))
    })
  })
})

integrationTest('a join with a global table that was there before is what the driver makes of it', async (t, services) => {
  const [rows, others] = [randomRows(7, { records: 300, keysOf: () => numbered('u', 40) }), randomRows(8, { records: 300, keysOf: () => numbered('k', 40) })]
  await assertEqual(t, services, {
    language: 'global-join',
    before: rows.filter(({ side }) => side === 'right'),
    steps: [others.filter(({ side }) => side === 'left')],
    // The table does not change any more, so each record finds what every other run finds.
    compare: async side => ({ joined: (await side.sink('out')).map(recordLine) })
  })
})

integrationTest('a session that was closed before a restart stays closed for what comes late', async (t, services) => {
  const world = await openLanguageWorld(t, services, 'session-counts')
  const [day = [], ...rest] = randomDays(9, { days: 1, records: 300, sides: ['left'], users: 20 }).slice(1)
  const next = rest[0] ?? []
  const late = day.slice(0, 50)
  const first = world.start()
  await world.feed(day)
  await world.settled(first)
  await world.feed(next)
  await world.settled(first)
  equal(await first.stop(), 0)
  const closed = [await world.sink('out'), await world.sink('out2'), await world.rows('session_counts')]
  ok(closed.every(lines => lines.length > 0))

  const second = world.start()
  await world.feed(late)
  await world.settled(second)

  deepEqual([await world.sink('out'), await world.sink('out2'), await world.rows('session_counts')], closed)
  const metrics = await (await fetch(`${await second.address()}/metrics`)).text()
  const dropped = [...metrics.matchAll(/^millrace_\w*dropped\w*\{([^}]*)\} (\d+)/gm)]
  equal(dropped.reduce((sum, [, , count]) => sum + Number(count), 0), 2 * late.length, dropped.join('\n'))
  equal(await second.stop(), 0)
})

integrationTest('a reset deletes tables and repartition topics of the language, and a replay gives the same', async (t, services) => {
  const world = await openLanguageWorld(t, services, 'session-counts')
  const first = world.start()
  // Not the record that closes the day: in a replay nothing holds it back until the day has been read.
  const [, day = []] = randomDays(10, { days: 1, records: 300, sides: ['left'], users: 20 })
  await world.feed(day)
  await world.settled(first)
  const rows = async (): Promise<string[]> => (await Promise.all(['session_counts', 'session_lengths'].map(async store => await world.rows(store)))).flat().map(rowLine)
  const before = await rows()
  equal(await first.stop(), 0)
  deepEqual(await world.internalTopics(), [`${world.applicationId}-by-user-repartition`])

  const done = await millrace(services, 'reset', '--application-id', world.applicationId, '--to-earliest', '--execute')

  equal(done.code, 0, done.stderr)
  await until('the repartition topic is gone', async () => (await world.internalTopics()).length === 0)
  const second = world.start()
  await world.settled(second)
  assertSameLines(await rows(), before, 'sessions')
  equal(await second.stop(), 0)
})
