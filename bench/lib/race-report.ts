import type { Table } from './benchmark.ts'
import type { Outcome, Run } from './race.ts'
import { median, round } from './statistics.ts'

export function describeRun ({ subject, outcome, problem }: Run): string {
  if (outcome === undefined) return `${subject}: did not run: ${problem}`
  const { mistake, eventsPerSecond, seconds, wallSeconds, subjectCpuMicros, postgresCpuMicros } = outcome
  const cpu = subjectCpuMicros === null ? '' : `, CPU per event ${cpuOf(subjectCpuMicros, postgresCpuMicros, 1)}`
  return `${subject}: ${mistake === null ? '' : `WRONG (${mistake.split('\n')[0]}) `}${round(eventsPerSecond)} events/s over ${round(seconds, 2)} s, ${round(wallSeconds, 1)} s with start${cpu}`
}

export function summaryOf (runs: readonly Run[]) {
  return [...Map.groupBy(runs, ({ subject }) => subject)].map(([subject, mine]) => {
    const outcomes = mine.flatMap(({ outcome }) => outcome ?? [])
    const rates = outcomes.map(({ eventsPerSecond }) => eventsPerSecond)
    const middle = (pick: (outcome: Outcome) => number | null): number => median(outcomes.map(outcome => pick(outcome) ?? Number.NaN))
    return {
      subject,
      problem: mine.find(({ problem }) => problem !== undefined)?.problem ?? null,
      correct: outcomes.every(({ mistake }) => mistake === null),
      eventsPerSecond: middle(outcome => outcome.eventsPerSecond),
      slowest: Math.min(...rates),
      fastest: Math.max(...rates),
      subjectCpuMicros: middle(outcome => outcome.subjectCpuMicros),
      postgresCpuMicros: middle(outcome => outcome.postgresCpuMicros),
      postgresTreeCpuMicros: middle(outcome => outcome.postgresTreeCpuMicros),
      machineCpuMicros: middle(outcome => outcome.machineCpuMicros),
      peakMegabytes: middle(outcome => outcome.peakMegabytes),
      wallSeconds: middle(outcome => outcome.wallSeconds),
      projectionBehindMs: middle(outcome => outcome.projectionBehindMs)
    }
  })
}

export interface Report {
  readonly title: string
  /** The subject that the others are compared with, and its column's head. */
  readonly reference: readonly [subject: string, head: string]
  readonly notes: readonly string[]
}

export function tableOf (runs: readonly Run[], { title, reference: [reference, head], notes }: Report): Table {
  const summary = summaryOf(runs)
  const base = summary.find(({ subject }) => subject === reference)
  const share = (part: number, whole = Number.NaN): string => Number.isNaN(part / whole) ? '–' : `${shown(part / whole * 100)} %`
  return {
    title,
    rows: [
      ['subject', 'events/s (median)', head, `${head}, per CPU second`, 'slowest – fastest', 'CPU per event: subject + Postgres', 'whole machine', 'peak memory', 'wall with start', 'result'],
      ...summary.map(each => each.problem !== null
        ? [each.subject, '–', '–', '–', '–', '–', '–', '–', '–', `did not run: ${reasonOf(each.problem)}`]
        : [
            each.subject,
            shown(each.eventsPerSecond),
            share(each.eventsPerSecond, base?.eventsPerSecond),
            share(perCpuMicro(each), base && perCpuMicro(base)),
            `${shown(each.slowest)} – ${shown(each.fastest)}`,
            cpuOf(each.subjectCpuMicros, each.postgresCpuMicros),
            `${shown(each.machineCpuMicros)} µs`,
            `${shown(each.peakMegabytes)} MB`,
            `${shown(each.wallSeconds, 1)} s`,
            each.correct ? 'as the model' : 'WRONG'
          ])
    ],
    notes: [
      'Measured from the first position that was seen to have moved (of a peer: its first progress) to the commit of the last; broker, Postgres, Redis and the subject share the machine, and the whole machine is everything that was busy meanwhile.',
      ...notes
    ]
  }
}

function cpuOf (subject: number, postgres: number | null, digits = 0): string {
  const ofPostgres = postgres === null || Number.isNaN(postgres) ? '' : ` + ${shown(postgres, digits)} µs`
  return `${shown(subject, digits)} µs${ofPostgres}`
}

function shown (value: number, digits = 0): string {
  return Number.isNaN(value) ? '–' : round(value, digits).toLocaleString('en')
}

/** Of its own time and of Postgres' for it. */
function perCpuMicro ({ subjectCpuMicros, postgresCpuMicros }: { readonly subjectCpuMicros: number, readonly postgresCpuMicros: number }): number {
  return 1 / (subjectCpuMicros + (Number.isNaN(postgresCpuMicros) ? 0 : postgresCpuMicros))
}

/** The first line says where it ended; in the last one most programs say why. */
function reasonOf (problem: string): string {
  const lines = problem.trim().split('\n')
  return [...new Set([lines[0], lines.at(-1)])].join(' ').slice(0, 300).replaceAll('|', '/')
}
