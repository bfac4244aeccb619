import type { Benchmark, Context, LocalBenchmark, Result, Table } from './lib/benchmark.ts'
import type { Owner } from './lib/owner.ts'
import { median } from './lib/statistics.ts'
import { openMemoryGround, openServicesGround, type Ground } from './calls/ground.ts'
import { FAILING, runFailures, type FailureRun } from './calls/failures.ts'
import { CONCURRENCY, LONGEST_MS, RECORDS, runSlowHandler, type SlowRun } from './calls/slow-handler.ts'

/** Seconds of Confluent's parallel consumer, by the number of keys. */
const WANTED: ReadonlyMap<number, number> = new Map([[1, 26.7], [5, 5.9], [20, 2.2], [1_000, 2.1]])

interface Stage {
  readonly name: string
  readonly open: (owner: Owner) => Promise<Ground>
}

const memory: Stage = { name: 'log and state in memory', open: openMemoryGround }

/** Calls that are slow, and calls that fail, on a worker in this process. */
export const calls: Benchmark = {
  name: 'calls',
  run: async context => await measure([memory, { name: 'Kafka and Postgres', open: async owner => await openServicesGround(owner, context.services) }], context)
}

export const callsInMemory: LocalBenchmark = { name: 'calls-memory', runLocally: async context => await measure([memory], context) }

async function measure (stages: readonly Stage[], { say, repeats }: Pick<Context, 'say' | 'repeats'>): Promise<Result> {
  const slow = []
  for (const { name, open } of stages) {
    for (const [keys, wanted] of WANTED) {
      const run = { on: name, wanted, ...await runSlowHandler(open, keys) }
      say(`${name}, ${keys} keys: ${run.seconds} s, of which the calls alone ${run.floorSeconds} s; ${wanted} s is wanted; CPU ${run.cpu}`)
      slow.push(run)
    }
  }
  const failing = []
  for (const { name, open } of stages) {
    // In turns, so that a busy machine slows both.
    for (let round = 0; round < repeats; round++) {
      for (const fail of [false, true]) {
        const run = { on: name, fail, ...await runFailures(open, { fail }) }
        say(`${name}, ${fail ? 'some calls fail' : 'no call fails'}: healthy keys p50 ${run.healthy.p50} ms, p99 ${run.healthy.p99} ms`)
        failing.push(run)
      }
    }
  }
  const mistakes = [
    ...slow.flatMap(({ on, keys, mistakes }) => mistakes.slice(0, 3).map(mistake => `${on}, ${keys} keys: ${mistake}`)),
    ...failing.flatMap(({ on, fail, mistakes }) => mistakes.slice(0, 3).map(mistake => `${on}, ${fail ? 'some' : 'no'} calls fail: ${mistake}`))
  ]
  return { correct: mistakes.length === 0, mistakes, numbers: { slow, failing }, tables: [slowTable(slow), failureTable(failing)] }
}

function slowTable (runs: readonly (SlowRun & { readonly on: string, readonly wanted: number })[]): Table {
  return {
    title: `Calls: ${RECORDS} records of one partition, each call 0 to ${LONGEST_MS} ms, ${CONCURRENCY} at once`,
    rows: [
      ['on', 'keys', 'took', 'calls alone', 'wanted', 'cores'],
      ...runs.map(({ on, keys, seconds, floorSeconds, wanted, cpu }) => [on, String(keys), `${seconds} s`, `${floorSeconds} s`, `${wanted} s`, String(cpu)])
    ],
    notes: ['From the first call to the commit of the last record. What the calls took together, over as many as keys and concurrency allow at once, stands beside it: no engine can be faster. Wanted is what Confluent\'s parallel consumer says of itself.']
  }
}

function failureTable (runs: readonly (FailureRun & { readonly on: string, readonly fail: boolean })[]): Table {
  const { records, keys, perSecond, twice, never, callMs } = FAILING
  return {
    title: `Failing calls, ordered: ${records} records of ${keys} keys at ${perSecond}/s, each call ${callMs} ms`,
    rows: [
      ['on', 'while', 'healthy keys p50', 'p95', 'p99'],
      ...[...Map.groupBy(runs, ({ on, fail }) => `${on}/${fail}`).values()].map(same => [
        same[0]?.on ?? '', same[0]?.fail === true ? 'some fail' : 'none fails', ...(['p50', 'p95', 'p99'] as const).map(which => `${median(same.map(({ healthy }) => healthy[which]))} ms`)
      ])
    ],
    notes: [
      `${twice * 100} % of the records fail twice and then pass, ${never * 100} % never do. A healthy key is one of which no record fails; its latency is from when the record was due to be produced to its commit; medians of the runs, which took turns. The order of each key's effects and the number of dead letters are checked.`
    ]
  }
}
