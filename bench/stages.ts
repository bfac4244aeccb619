import { createLog } from './lib/events.ts'
import type { Benchmark, Context, Result, Table } from './lib/benchmark.ts'
import { findMistakeInStages } from './stages/check.ts'
import { ALLOWED_DROP, hasDropped, readBaseline, slowerStages, type Baseline } from './stages/baseline.ts'
import { runStages } from './stages/pipeline.ts'
import { cpuStages, stageNames, type Stages } from './stages/stages.ts'
import { yardstick } from './stages/yardstick.ts'
import { mistakesOf, type Run } from './lib/race.ts'
import { owning } from './lib/owner.ts'
import { median, round } from './lib/statistics.ts'
import { floor, oneWorker, raceOn } from './throughput.ts'
import { contractSettings } from '../test/helpers/model.ts'
import { recordsOnce } from './stages/records.ts'

const RACE_EVENTS = 30_000
const WHOLE_EVENTS = 100_000
/** The first units compile what runs in them. */
const WARM_UNITS = 5
const BASELINE = new URL('results/stages.json', import.meta.url)

/** What a record costs, stage by stage, and one worker against the floor; short, it fails where that has dropped against the committed run. */
export const stages: Benchmark = {
  name: 'stages',
  run: async context => context.short ? await runShort(context) : await runWhole(context)
}

async function runWhole (context: Context): Promise<Result> {
  const measured = await measure(context, WHOLE_EVENTS)
  const { mistake, ratio, raceMistakes } = measured
  const mistakes = [...raceMistakes, ...mistake === undefined ? [] : [mistake]]
  return { correct: mistakes.length === 0, mistakes, numbers: { ratio, yardstick: measured.yardstick, stages: measured.stages } satisfies Baseline, tables: [tableOf(measured, undefined)] }
}

async function runShort (context: Context): Promise<Result> {
  const baseline = await readBaseline(BASELINE)
  let measured = await measure(context, RACE_EVENTS)
  if (hasDropped(measured.ratio, baseline)) {
    context.say(`${percent(measured.ratio)} of the floor; ${percent(baseline.ratio)} was committed. Once more, since a busy machine can do that.`)
    measured = await measure(context, RACE_EVENTS)
  }
  const { mistake, ratio, raceMistakes } = measured
  const slower = slowerStages(measured, baseline).map(([name, times]) => `${name} takes ${round(times, 2)} times as long`)
  for (const each of slower) context.say(`against the committed run, ${each}`)
  const dropped = hasDropped(ratio, baseline)
    ? [`One worker reaches ${percent(ratio)} of the floor, and ${percent(baseline.ratio)} was committed: more than ${percent(ALLOWED_DROP)} less. ${slower.length === 0 ? 'No stage stands out.' : `It may be where ${slower.join(', ')}.`}`]
    : []
  const mistakes = [...raceMistakes, ...mistake === undefined ? [] : [mistake], ...dropped]
  return { correct: mistakes.length === 0, mistakes, numbers: { ratio, yardstick: measured.yardstick, stages: measured.stages }, tables: [tableOf(measured, baseline)] }
}

interface Measured {
  readonly stages: Stages
  readonly yardstick: number
  readonly ratio: number
  readonly raceMistakes: readonly string[]
  readonly mistake: string | undefined
}

async function measure (context: Context, events: number): Promise<Measured> {
  const { services, say } = context
  const { stages, mistake } = await owning('stages', async owner => {
    const records = recordsOnce(createLog(events, { seed: 1, settings: contractSettings }))
    const pipeline = await runStages(owner, services, records.log)
    // Every name once: a record cannot be built element by element.
    const stages = Object.fromEntries(stageNames.map(name => [name, round(median(pipeline.clock.of(name).slice(WARM_UNITS)), 2)])) as Stages
    return { stages, mistake: await findMistakeInStages(services, pipeline, records.model) }
  })
  const measure = yardstick()
  for (const name of stageNames) say(`${name}: ${stages[name]} µs a record${cpuStages.has(name) ? '' : ', waited for'}`)
  const runs = await raceOn({ ...context, events: RACE_EVENTS }, [oneWorker, floor])
  const ratio = round(ratioOf(runs), 3)
  say(`one worker reaches ${percent(ratio)} of the floor, over ${RACE_EVENTS} events`)
  return { stages, yardstick: round(measure, 3), ratio, raceMistakes: mistakesOf(runs), mistake }
}

/** Of runs that followed each other, so that both were slowed by the same. */
function ratioOf (runs: readonly Run[]): number {
  const rates = (name: string): number[] => runs.filter(({ subject }) => subject === name).map(({ outcome }) => outcome?.eventsPerSecond ?? Number.NaN)
  const floors = rates(floor.name)
  return median(rates(oneWorker.name).map((rate, index) => rate / (floors[index] ?? Number.NaN)))
}

function tableOf ({ stages, yardstick, ratio }: Measured, baseline: Baseline | undefined): Table {
  return {
    title: 'Stages: what a record of the recommender takes',
    rows: [
      ['stage', 'µs a record', 'of', ...baseline === undefined ? [] : ['committed']],
      ...stageNames.map(name => [name, String(stages[name]), cpuStages.has(name) ? 'CPU' : 'time', ...baseline === undefined ? [] : [String(baseline.stages[name] ?? '–')]])
    ],
    notes: [
      'One after the other, in units of 2,000 records: decode (bytes to a value), validate (the contract), graph (all nodes, with validation and the stores in memory, as a worker runs them), cache (the stores alone), encode (what a unit writes as the values of its statements), SQL reads (what is missing in memory), SQL (insert, claim, write, commit; with encoding), Redis (the unit\'s changes). Medians over units.',
      `In the same run one worker reached ${percent(ratio)} of the floor's events/s over ${RACE_EVENTS.toLocaleString('en')} events, compiling included. The yardstick, a piece of work that has nothing to do with Millrace, took ${yardstick} µs: by it CPU is compared between machines.`
    ]
  }
}

function percent (share: number): string {
  return `${round(share * 100)} %`
}
