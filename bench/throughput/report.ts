import type { Table } from '../lib/benchmark.ts'
import { median, round } from '../lib/statistics.ts'
import type { Outcome } from './subject.ts'

export interface Run {
  readonly subject: string
  /** Left out where it could not be run. */
  readonly outcome?: Outcome
  /** Why it could not be run. */
  readonly problem?: string
}

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

export function tableOf (runs: readonly Run[], events: number, reference: string): Table {
  const summary = summaryOf(runs)
  const base = summary.find(({ subject }) => subject === reference)?.eventsPerSecond
  return {
    title: `Throughput: ${events.toLocaleString('en')} events, 85 % watches, 15 % impressions of ten items, six partitions`,
    rows: [
      ['subject', 'events/s (median)', 'of the floor', 'slowest – fastest', 'CPU per event: subject + Postgres', 'whole machine', 'peak memory', 'wall with start', 'tables and dead letters'],
      ...summary.map(each => each.problem !== null
        ? [each.subject, '–', '–', '–', '–', '–', '–', '–', `did not run: ${firstLine(each.problem)}`]
        : [
            each.subject,
            shown(each.eventsPerSecond),
            base === undefined ? '–' : `${shown(each.eventsPerSecond / base * 100)} %`,
            `${shown(each.slowest)} – ${shown(each.fastest)}`,
            cpuOf(each.subjectCpuMicros, each.postgresCpuMicros),
            `${shown(each.machineCpuMicros)} µs`,
            `${shown(each.peakMegabytes)} MB`,
            `${shown(each.wallSeconds, 1)} s`,
            each.correct ? 'as the model' : 'WRONG'
          ])
    ],
    notes: [
      'Measured from the first moved position (of a peer: the first progress) to the commit of the last, seen twenty times a second; broker, Postgres, Redis and the subject share the machine, and the whole machine is everything that was busy meanwhile.',
      'Postgres is its backends for the subject; checkpointer, WAL writer and autovacuum come on top (in the JSON).',
      'The floor is a loop written by hand for this topology, with none of the fencing, rebalancing, cache bound and repair of the worker.',
      ...(summary.some(({ subject }) => subject.startsWith('Kafka Streams')) ? [KAFKA_STREAMS_NOTE] : [])
    ]
  }
}

const KAFKA_STREAMS_NOTE = 'Kafka Streams 4.1.2 (Java, RocksDB, changelogs in Kafka, heap of 512 MB) starts with a cold JVM and commits each second. It keeps each watch and impression whole, as it came, under its event id, in a store and its changelog; no row is in Postgres, and nothing can be asked of it by user or request. ' +
  'What is counted by item goes through two repartition topics, whose records are worked off too before the last commit counts.'

function cpuOf (subject: number, postgres: number | null, digits = 0): string {
  const ofPostgres = postgres === null || Number.isNaN(postgres) ? '' : ` + ${shown(postgres, digits)} µs`
  return `${shown(subject, digits)} µs${ofPostgres}`
}

function shown (value: number, digits = 0): string {
  return Number.isNaN(value) ? '–' : round(value, digits).toLocaleString('en')
}

function firstLine (text: string): string {
  return (text.trim().split('\n')[0] ?? '').replaceAll('|', '/')
}
