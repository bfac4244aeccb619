import { mkdir, writeFile } from 'node:fs/promises'
import { loadavg, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { findServices } from '../scripts/services/find.ts'
import { startPostgres } from '../scripts/services/postgres.ts'
import { realStarters } from '../scripts/services/services.ts'
import type { Services } from '../test/helpers/services.ts'
import type { Benchmark, LocalBenchmark, Result } from './lib/benchmark.ts'
import { describeMachine, type Machine } from './lib/machine.ts'
import { writeReport } from './lib/report.ts'
import { faults } from './faults.ts'
import { calls, callsInMemory } from './calls.ts'
import { counting } from './counting.ts'
import { driver } from './driver.ts'
import { freshness } from './freshness.ts'
import { graph } from './graph.ts'
import { growth } from './growth.ts'
import { oneAtATime } from './one-at-a-time.ts'
import { recovery } from './recovery.ts'
import { restore } from './restore.ts'
import { serving } from './serving.ts'
import { stages } from './stages.ts'
import { compare, floor, kafkaStreams, oneWorker, throughput, warm } from './throughput.ts'
import { types } from './types.ts'
import { visibility } from './visibility.ts'
import { windows } from './windows.ts'

const usage = `npm run bench -- [name…] [options]

Without a name: throughput, warm, one-at-a-time, counting, windows, serving, growth, restore, recovery, visibility, freshness and stages, which takes hours.

  throughput   one worker, the hand-written floor, two workers and Kafka Streams in turns over one log
  warm         one worker and Kafka Streams alone, over a log of 2,000,000 (--events) that leaves its JVM time to get warm
  freshness    from a produced watch to a changed /reco, at 500 events/s
  serving      /reco at 1,000 requests/s, open loop, while 1,000 events/s come in; needs Go for its load tool
  growth       cost, start, rebalance and rebuild while the state grows from 10,000 keys
  one-at-a-time  one worker and the floor beside loops with a transaction per record, over 20,000 events at most
  counting     orders counted by customer: Millrace, a hand-written loop, and the peers in turns
  recovery     from kill -9 to progress in the middle of the counting: Millrace and Kafka Streams
  restore      what Kafka Streams restores before it goes on, while the state grows to --keys
  visibility   from an order to its summary, at 30 % of the maximum rate, for --seconds
  windows      hopping windows and a join of two streams, --events a side: Millrace and Kafka Streams in turns
  worker       one worker alone
  floor        the floor alone
  kafka-streams  the same work in Kafka Streams (Java) alone
  faults       the fault suite, as a table
  stages       what a record costs stage by stage, and one worker against the floor
  graph        what a record costs in the nodes alone; needs no services
  types        what checking the types of a topology of 200 nodes costs; needs no services
  calls        slow and failing calls (processAsync), in memory and on services
  calls-memory the same in memory alone; needs no services
  driver       how long a simple test takes; needs no services

  --events N     length of the log (throughput 300000, warm 2000000, counting 1000000, windows 500000 a side, others 100000)
  --repeats N    runs of each subject of a comparison; the median counts (3)
  --seconds N    how long freshness and each load of serving run (60)
  --users N      how many users serving has, and a tenth as many items (1000000)
  --keys N       the largest state of growth (10000000)
  --short        stages: less of it, and a failure where the share of the floor is 25 % below the committed one; nothing is saved
  --rounds N     rounds of each kind of fault (30)
  --from FILE    faults: the rounds of earlier runs, as FAULT_RESULTS left them
  --profile DIR  workers leave CPU profiles there
  --no-save      leave bench/results and bench/RESULTS.md as they are
`

const benchmarks: readonly Benchmark[] = [
  throughput,
  warm,
  freshness,
  serving,
  growth,
  oneAtATime,
  counting,
  recovery,
  restore,
  visibility,
  windows,
  { name: 'worker', run: async context => await compare(context, [oneWorker]) },
  { name: 'floor', run: async context => await compare(context, [floor]) },
  { name: 'kafka-streams', run: async context => await compare(context, kafkaStreams) },
  stages,
  faults,
  calls
]
const local: readonly LocalBenchmark[] = [graph, types, driver, callsInMemory]
/** What README's table and its claims are made of; hours. */
const DEFAULT = ['throughput', 'warm', 'one-at-a-time', 'counting', 'windows', 'serving', 'growth', 'restore', 'recovery', 'visibility', 'freshness', 'stages']
const EVENTS = 100_000

async function main (): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    allowNegative: true,
    options: {
      events: { type: 'string' },
      repeats: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '60' },
      users: { type: 'string', default: '1000000' },
      keys: { type: 'string', default: '10000000' },
      rounds: { type: 'string', default: '30' },
      short: { type: 'boolean', default: false },
      from: { type: 'string' },
      profile: { type: 'string' },
      save: { type: 'boolean', default: true },
      help: { type: 'boolean', default: false }
    }
  })
  const unknown = positionals.find(name => ![...benchmarks, ...local].some(benchmark => benchmark.name === name))
  if (values.help || unknown !== undefined) {
    process.stdout.write(unknown === undefined ? usage : `There is no benchmark '${unknown}'.\n\n${usage}`)
    process.exitCode = unknown === undefined ? 0 : 2
    return
  }
  const events = values.events === undefined ? undefined : positive('events', values.events)
  const options = { repeats: positive('repeats', values.repeats), seconds: positive('seconds', values.seconds), users: positive('users', values.users), keys: positive('keys', values.keys), rounds: positive('rounds', values.rounds), short: values.short, from: values.from, profile: values.profile }
  const save = values.save && !values.short
  const chosen = positionals.length === 0 ? DEFAULT : positionals
  for (const { name, runLocally } of local.filter(({ name }) => chosen.includes(name))) {
    await runOne(name, await describeMachine(), async () => await runLocally({ ...options, events: events ?? EVENTS, say: tell }), save)
  }
  const onServices = benchmarks.filter(({ name }) => chosen.includes(name))
  if (onServices.length > 0) {
    await withServices(async services => {
      for (const { name, run, events: own = EVENTS } of onServices) await runOne(name, await describeMachine(services), async () => await run({ ...options, events: events ?? own, services, say: tell }), save)
    })
  }
  if (save) await writeReport()
}

async function runOne (name: string, machine: Machine, run: () => Promise<Result>, save: boolean): Promise<void> {
  const { cores, cpu, loadBefore, node, postgres, redis } = machine
  say(`\n${name}: ${cores} × ${cpu}, load ${loadBefore.join(' ')}, Node ${node}${postgres === undefined ? '' : `, Postgres ${postgres}, Redis ${redis}`}`)
  const result = await run()
  for (const mistake of result.mistakes) tell(`WRONG: ${mistake}`)
  tell(`load after ${loadavg().map(load => load.toFixed(2)).join(' ')}`)
  if (!result.correct) process.exitCode = 1
  if (!save) return
  const folder = new URL('results/', import.meta.url)
  await mkdir(folder, { recursive: true })
  await writeFile(new URL(`${name}.json`, folder), JSON.stringify({ name, machine, ...result }, null, 2) + '\n')
}

/** A quarter of the machine's memory, as Postgres' manual advises for a server that is used in earnest; what tests are given holds no large state. */
const sharedBuffers = `shared_buffers=${Math.floor(totalmem() / 4 / 2 ** 20)}MB`

async function withServices (work: (services: Services) => Promise<void>): Promise<void> {
  const starters = { ...realStarters, postgres: async (directory: string) => await startPostgres(directory, { settings: [sharedBuffers] }) }
  const { addresses: { kafka, redis, postgres }, missing, from, stop } = await findServices(process.env, starters)
  try {
    if (kafka === undefined || redis === undefined || postgres === undefined) {
      throw new Error(`The benchmarks need real services: ${missing.map(({ name, problem }) => `${name} is missing: ${problem}`).join('; ')}`)
    }
    say(`services: ${from}`)
    await work({ kafka, redis, postgres })
  } finally {
    await stop()
  }
}

function positive (name: string, text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`--${name} is '${text}'; a whole number from 1 is wanted.`)
  return value
}

function tell (line: string): void {
  say(`  ${line}`)
}

function say (line: string): void {
  process.stdout.write(line + '\n')
}

await main()
