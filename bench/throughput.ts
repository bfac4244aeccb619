import { runModel, type ModelRecord, type ModelResult } from '../test/helpers/model.ts'
import { projectionLevel } from '../test/helpers/projection.ts'
import { modelSettings, produce, workerEnvironment, type RecommenderTopics } from '../test/helpers/recommender.ts'
import { freshApplicationId, freshTopics } from '../test/helpers/services.ts'
import type { Benchmark, Context, Result, Table } from './lib/benchmark.ts'
import { findMistake } from './lib/check.ts'
import { createLog } from './lib/events.ts'
import { owning } from './lib/owner.ts'
import { followPositions, type Pace } from './lib/positions.ts'
import { startProcess, type StartedProcess } from './lib/processes.ts'
import { settle } from './lib/settle.ts'
import { median, round } from './lib/statistics.ts'

/** Something that turns the log into tables. */
export interface Subject {
  readonly name: string
  readonly program: string
  readonly processes: number
  readonly projects: boolean
}

export const oneWorker: Subject = { name: 'one worker', program: 'bin/worker.ts', processes: 1, projects: true }
export const twoWorkers: Subject = { name: 'two workers', program: 'bin/worker.ts', processes: 2, projects: true }
/** What a loop written by hand for this one topology reaches: see floor/loop.ts. */
export const floor: Subject = { name: 'floor', program: 'bench/floor/loop.ts', processes: 1, projects: false }

export interface Run extends Pace {
  readonly subject: string
  readonly wallSeconds: number
  /** From the last position to a projection that vouches for all of it. */
  readonly projectionBehindMs: number | null
  readonly mistake: string | null
}

/** How fast a log that is there already is worked off. The subjects take turns, so that a busy machine slows all of them. */
export const throughput: Benchmark = { name: 'throughput', run: async context => await compare(context, [oneWorker, floor, twoWorkers]) }

export async function compare (context: Context, subjects: readonly Subject[]): Promise<Result> {
  return await owning('throughput', async owner => {
    const { services, events, repeats, say } = context
    const topics = await freshTopics(owner, services, ['impression', 'watch', 'event'], 6)
    const settings = modelSettings({ ...topics, dlq: '' })
    const records = createLog(events, { seed: 1, settings })
    await produce(services, records)
    const expected = runModel(records, settings)
    say(`${events} events produced; the model is ready`)

    const runs: Run[] = []
    for (let round = 0; round < repeats; round++) {
      for (const subject of subjects) {
        const run = await measure({ context, subject, topics, records, expected })
        say(describeRun(run))
        runs.push(run)
      }
    }
    const mistakes = runs.flatMap(({ mistake }) => mistake ?? [])
    return { correct: mistakes.length === 0, mistakes, numbers: { events, summary: summaryOf(runs, subjects), runs }, tables: [tableOf(runs, subjects, events)] }
  })
}

interface Measured {
  readonly context: Context
  readonly subject: Subject
  readonly topics: Omit<RecommenderTopics, 'dlq'>
  readonly records: readonly ModelRecord[]
  readonly expected: ModelResult
}

async function measure ({ context, subject, topics, records, expected }: Measured): Promise<Run> {
  const { services, profile } = context
  return await owning(subject.name, async owner => {
    const applicationId = freshApplicationId(owner, services)
    const { dlq } = await freshTopics(owner, services, ['dlq'], 6)
    await settle(services.postgres)
    const started = performance.now()
    const env = { ...workerEnvironment(services, applicationId, { ...topics, dlq }), ...profiling(profile) }
    const processes = Array.from({ length: subject.processes }, () => startProcess(owner, subject.program, env))
    const pace = await followPositions({ services, applicationId, pids: processes.map(({ pid }) => pid), records: records.length, stillRuns: () => firstEnded(processes) })
    const wallSeconds = (performance.now() - started) / 1000
    const projectionBehindMs = subject.projects ? await levelAfter(context, applicationId) : null
    for (const { stop } of processes) await stop()
    const mistake = await findMistake({ services, applicationId, deadLetterTopic: dlq, expected })
    return { subject: subject.name, ...pace, wallSeconds, projectionBehindMs, mistake: mistake ?? null }
  })
}

export function profiling (directory: string | undefined): Record<string, string> {
  return directory === undefined ? {} : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${directory}` }
}

async function levelAfter ({ services }: Context, applicationId: string): Promise<number> {
  const from = performance.now()
  await projectionLevel(services, applicationId)
  return performance.now() - from
}

function firstEnded (processes: readonly StartedProcess[]): string | undefined {
  return processes.find(({ child }) => child.exitCode !== null || child.signalCode !== null)?.output()
}

export function describeRun (run: Run): string {
  const cpu = run.subjectCpuMicros === null ? '' : `, CPU per event ${round(run.subjectCpuMicros, 1)} µs + Postgres ${round(run.postgresCpuMicros ?? 0, 1)} µs`
  return `${run.subject}: ${run.mistake === null ? '' : `WRONG (${run.mistake.split('\n')[0]}) `}${round(run.eventsPerSecond)} events/s over ${round(run.seconds, 2)} s, ${round(run.wallSeconds, 1)} s with start${cpu}`
}

function summaryOf (runs: readonly Run[], subjects: readonly Subject[]) {
  return subjects.map(({ name }) => {
    const mine = runs.filter(({ subject }) => subject === name)
    const middle = (pick: (run: Run) => number | null): number => median(mine.map(run => pick(run) ?? Number.NaN))
    return {
      subject: name,
      correct: mine.every(({ mistake }) => mistake === null),
      eventsPerSecond: middle(run => run.eventsPerSecond),
      slowest: Math.min(...mine.map(({ eventsPerSecond }) => eventsPerSecond)),
      fastest: Math.max(...mine.map(({ eventsPerSecond }) => eventsPerSecond)),
      subjectCpuMicros: middle(run => run.subjectCpuMicros),
      postgresCpuMicros: middle(run => run.postgresCpuMicros),
      postgresTreeCpuMicros: middle(run => run.postgresTreeCpuMicros),
      machineCpuMicros: middle(run => run.machineCpuMicros),
      peakMegabytes: middle(run => run.peakMegabytes),
      wallSeconds: middle(run => run.wallSeconds),
      projectionBehindMs: middle(run => run.projectionBehindMs)
    }
  })
}

function tableOf (runs: readonly Run[], subjects: readonly Subject[], events: number): Table {
  const summary = summaryOf(runs, subjects)
  const reference = summary.find(({ subject }) => subject === floor.name)?.eventsPerSecond
  const shown = (value: number, digits = 0): string => Number.isNaN(value) ? '–' : round(value, digits).toLocaleString('en')
  return {
    title: `Throughput: ${events.toLocaleString('en')} events, 85 % watches, 15 % impressions of ten items, six partitions`,
    rows: [
      ['subject', 'events/s (median)', 'of the floor', 'slowest – fastest', 'CPU per event: subject + Postgres', 'peak memory', 'wall with start', 'tables and dead letters'],
      ...summary.map(each => [
        each.subject,
        shown(each.eventsPerSecond),
        reference === undefined ? '–' : `${shown(each.eventsPerSecond / reference * 100)} %`,
        `${shown(each.slowest)} – ${shown(each.fastest)}`,
        `${shown(each.subjectCpuMicros)} µs + ${shown(each.postgresCpuMicros)} µs`,
        `${shown(each.peakMegabytes)} MB`,
        `${shown(each.wallSeconds, 1)} s`,
        each.correct ? 'as the model' : 'WRONG'
      ])
    ],
    notes: [
      'Measured from the first moved position to the last, seen twenty times a second; broker, Postgres, Redis and the subject share the machine.',
      'Postgres is its backends for the subject; checkpointer, WAL writer and autovacuum come on top (in the JSON).',
      'The floor is a loop written by hand for this topology, with none of the fencing, rebalancing, cache bound and repair of the worker.'
    ]
  }
}
