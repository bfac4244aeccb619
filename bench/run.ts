import { mkdir, writeFile } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { findServices } from '../scripts/services/find.ts'
import type { Services } from '../test/helpers/services.ts'
import type { Benchmark, Options } from './lib/benchmark.ts'
import { describeMachine } from './lib/machine.ts'
import { writeReport } from './lib/report.ts'
import { faults } from './faults.ts'
import { freshness } from './freshness.ts'
import { serving } from './serving.ts'
import { compare, floor, oneWorker, throughput } from './throughput.ts'

const usage = `npm run bench -- [name…] [options]

  throughput   one worker, the hand-written floor and two workers in turns over one log (default)
  freshness    from a produced watch to a changed /reco, at 500 events/s (default)
  serving      /reco at 500 requests/s, open loop, while 1,000 events/s come in (default)
  worker       one worker alone
  floor        the floor alone
  faults       the fault suite, as a table

  --events N     length of the log (100000)
  --repeats N    runs of each subject of throughput; the median counts (3)
  --seconds N    how long freshness and serving run (30)
  --rounds N     rounds of each kind of fault (30)
  --from FILE    faults: the rounds of earlier runs, as FAULT_RESULTS left them
  --profile DIR  workers leave CPU profiles there
  --no-save      leave bench/results and bench/RESULTS.md as they are
`

const benchmarks: readonly Benchmark[] = [
  throughput,
  freshness,
  serving,
  { name: 'worker', run: async context => await compare(context, [oneWorker]) },
  { name: 'floor', run: async context => await compare(context, [floor]) },
  faults
]
const DEFAULT = ['throughput', 'freshness', 'serving']

async function main (): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    allowNegative: true,
    options: {
      events: { type: 'string', default: '100000' },
      repeats: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '30' },
      rounds: { type: 'string', default: '30' },
      from: { type: 'string' },
      profile: { type: 'string' },
      save: { type: 'boolean', default: true },
      help: { type: 'boolean', default: false }
    }
  })
  const unknown = positionals.find(name => !benchmarks.some(benchmark => benchmark.name === name))
  if (values.help || unknown !== undefined) {
    process.stdout.write(unknown === undefined ? usage : `There is no benchmark '${unknown}'.\n\n${usage}`)
    process.exitCode = unknown === undefined ? 0 : 2
    return
  }
  const options = { events: positive('events', values.events), repeats: positive('repeats', values.repeats), seconds: positive('seconds', values.seconds), rounds: positive('rounds', values.rounds), from: values.from, profile: values.profile }
  const chosen = positionals.length === 0 ? DEFAULT : positionals
  await withServices(async services => {
    for (const benchmark of benchmarks.filter(({ name }) => chosen.includes(name))) {
      await runOne(benchmark, services, options, values.save)
    }
    if (values.save) await writeReport()
  })
}

async function runOne (benchmark: Benchmark, services: Services, options: Options, save: boolean): Promise<void> {
  const machine = await describeMachine(services)
  say(`\n${benchmark.name}: ${machine.cores} × ${machine.cpu}, load ${machine.loadBefore.join(' ')}, Node ${machine.node}, Postgres ${machine.postgres}, Redis ${machine.redis}`)
  const result = await benchmark.run({ ...options, services, say: line => say(`  ${line}`) })
  for (const mistake of result.mistakes) say(`  WRONG: ${mistake}`)
  say(`  load after ${loadavg().map(load => load.toFixed(2)).join(' ')}`)
  if (!result.correct) process.exitCode = 1
  if (!save) return
  const folder = new URL('results/', import.meta.url)
  await mkdir(folder, { recursive: true })
  await writeFile(new URL(`${benchmark.name}.json`, folder), JSON.stringify({ name: benchmark.name, machine, ...result }, null, 2) + '\n')
}

async function withServices (work: (services: Services) => Promise<void>): Promise<void> {
  const { addresses: { kafka, redis, postgres }, missing, from, stop } = await findServices()
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

function say (line: string): void {
  process.stdout.write(line + '\n')
}

await main()
