import { availableParallelism } from 'node:os'
import { freshApplicationId } from '../test/helpers/services.ts'
import { measureGrowth, measureRebuild, type GrowthRun, type Layout, type State } from './growth/measure.ts'
import { mostRecords } from './growth/log.ts'
import { growthTables, type Rebuild } from './growth/report.ts'
import { fillTotals } from './growth/state.ts'
import type { Benchmark, Context, Result } from './lib/benchmark.ts'
import { owning } from './lib/owner.ts'
import { sizesUpTo } from './lib/sizes.ts'
import { round } from './lib/statistics.ts'
import { profiling } from './throughput.ts'

/** As many as the smallest state has cold keys for. */
const RECORDS = 160_000
const PARTITIONS = [1, 6, 60]
const WORKERS = [1, 2, 4]

/** What a record costs, and starting, leaving and rebuilding, while the state grows tenfold and tenfold again. */
export const growth: Benchmark = {
  name: 'growth',
  async run (context) {
    const runs: GrowthRun[] = []
    const rebuilds: Rebuild[] = []
    for (const keys of sizesUpTo(context.keys)) await measureSize(context, keys, runs, rebuilds)
    const mistakes = runs.flatMap(({ keys, partitions, workers, mistake }) => mistake === null ? [] : [`${keys} keys, ${partitions} partitions, ${workers} workers: ${mistake}`])
    return { correct: mistakes.length === 0, mistakes, numbers: { records: RECORDS, runs, rebuilds }, tables: growthTables(runs, rebuilds, RECORDS) } satisfies Result
  }
}

function layouts (): Layout[] {
  return PARTITIONS.flatMap(partitions => WORKERS
    .filter(workers => workers <= partitions && workers <= availableParallelism())
    .map(workers => ({ partitions, workers })))
}

async function measureSize (context: Context, keys: number, runs: GrowthRun[], rebuilds: Rebuild[]): Promise<void> {
  const { services, repeats, profile, say } = context
  await owning(`growth ${keys}`, async owner => {
    const state: State = { services, applicationId: freshApplicationId(owner, services), keys, counts: new Map(), profile: profiling(profile) }
    const fillSeconds = await fillTotals(services, state.applicationId, keys)
    const seconds = await owning('rebuild', async owner => await measureRebuild(owner, state))
    rebuilds.push({ keys, seconds, fillSeconds })
    say(`${keys} keys: Postgres filled in ${round(fillSeconds, 1)} s, Redis built from it in ${round(seconds, 1)} s, ${round(keys / seconds)} keys a second`)
    for (let repeat = 0; repeat < repeats; repeat++) {
      for (const layout of layouts()) {
        const run = await owning('growth', async owner => await measureGrowth(owner, state, layout, { count: Math.min(RECORDS, mostRecords(keys)), seed: 1 + runs.length * 2 }))
        runs.push(run)
        say(describe(run))
      }
    }
  })
}

function describe ({ keys, partitions, workers, mistake, subjectCpuMicros, postgresCpuMicros, eventsPerSecond, firstCommitSeconds, rebalanceSeconds }: GrowthRun): string {
  const rebalance = rebalanceSeconds === null ? '' : `, rebalance ${round(rebalanceSeconds, 2)} s`
  return `${keys} keys, ${partitions} partitions, ${workers} workers: ${mistake === null ? '' : `WRONG (${mistake}) `}CPU per record ${round(subjectCpuMicros ?? 0, 1)} µs + Postgres ${round(postgresCpuMicros ?? 0, 1)} µs, ${round(eventsPerSecond)} records/s, first commit after ${round(firstCommitSeconds, 2)} s${rebalance}`
}
