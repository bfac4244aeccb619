import type { Table } from '../lib/benchmark.ts'
import { median, round } from '../lib/statistics.ts'
import type { OrdersOptions } from './orders.ts'
import type { CountingPace } from './subject.ts'

export interface CountingRun {
  readonly subject: string
  /** Left out where it could not be run. */
  readonly pace?: CountingPace
  readonly mistake?: string | undefined
  /** Why it could not be run. */
  readonly problem?: string
}

/** What the others are compared with. */
export const REFERENCE = 'Kafka Streams, at_least_once'

export function describeRun ({ subject, pace, mistake, problem }: CountingRun): string {
  if (pace === undefined) return `${subject}: did not run: ${problem}`
  const { recordsPerSecond, seconds, wallSeconds, machineCpuMicros } = pace
  return `${subject}: ${mistake === undefined ? '' : `WRONG (${mistake}) `}${shown(recordsPerSecond)} records/s over ${shown(seconds, 2)} s, ${shown(wallSeconds, 1)} s with start, CPU per record ${cpuOf(pace)}, whole machine ${shown(machineCpuMicros)} µs`
}

export function summaryOf (runs: readonly CountingRun[]) {
  return [...Map.groupBy(runs, ({ subject }) => subject)].map(([subject, mine]) => {
    const paces = mine.flatMap(({ pace }) => pace ?? [])
    const rates = paces.map(({ recordsPerSecond }) => recordsPerSecond)
    const middle = (pick: (pace: CountingPace) => number | null): number => median(paces.map(pace => pick(pace) ?? Number.NaN))
    return {
      subject,
      problem: mine.find(({ problem }) => problem !== undefined)?.problem ?? null,
      correct: mine.every(({ mistake }) => mistake === undefined),
      recordsPerSecond: middle(pace => pace.recordsPerSecond),
      slowest: Math.min(...rates),
      fastest: Math.max(...rates),
      subjectCpuMicros: middle(pace => pace.subjectCpuMicros),
      postgresCpuMicros: middle(pace => pace.postgresCpuMicros),
      machineCpuMicros: middle(pace => pace.machineCpuMicros),
      peakMegabytes: middle(pace => pace.peakMegabytes),
      wallSeconds: middle(pace => pace.wallSeconds)
    }
  })
}

export function tableOf (runs: readonly CountingRun[], { count, customers, partitions }: OrdersOptions): Table {
  const summary = summaryOf(runs)
  const reference = summary.find(({ subject }) => subject === REFERENCE)
  /** By CPU: what a subject works off per second of it. */
  const perCpu = ({ subjectCpuMicros, postgresCpuMicros }: typeof summary[number]): number => 1 / (subjectCpuMicros + (Number.isNaN(postgresCpuMicros) ? 0 : postgresCpuMicros))
  const share = (part: number, whole: number | undefined): string => whole === undefined || Number.isNaN(whole) ? '–' : `${shown(part / whole * 100)} %`
  return {
    title: `Counting: ${count.toLocaleString('en')} orders of 300 bytes, ${customers.toLocaleString('en')} customers by Zipf, ${partitions} partitions`,
    rows: [
      ['subject', 'records/s (median)', 'slowest – fastest', 'of Kafka Streams', 'per CPU second, of Kafka Streams', 'CPU per record: subject + Postgres', 'whole machine', 'peak memory', 'wall with start', 'summaries and dead letters'],
      ...summary.map(each => each.problem !== null
        ? [each.subject, '–', '–', '–', '–', '–', '–', '–', '–', `did not run: ${reasonOf(each.problem)}`]
        : [
            each.subject,
            shown(each.recordsPerSecond),
            `${shown(each.slowest)} – ${shown(each.fastest)}`,
            share(each.recordsPerSecond, reference?.recordsPerSecond),
            share(perCpu(each), reference && perCpu(reference)),
            cpuOf(each),
            `${shown(each.machineCpuMicros)} µs`,
            `${shown(each.peakMegabytes)} MB`,
            `${shown(each.wallSeconds, 1)} s`,
            each.correct ? 'as the model' : 'WRONG'
          ])
    ],
    notes: [
      'One in a hundred orders is invalid and goes to the dead letters. Everybody commits each second or more often. Measured from the first progress that was seen to the commit of the last record; broker, databases and the subject share the machine.',
      'The whole machine is everything that was busy meanwhile, the broker too: who keeps a changelog there leaves that work to it.',
      'The floor is a loop written by hand for this work: the same reader of the log, all summaries in memory, changed rows and positions written in one transaction each second. It has no membership, no fencing, no bound on memory and no state from before its start.'
    ]
  }
}

function cpuOf ({ subjectCpuMicros, postgresCpuMicros }: Pick<CountingPace, 'subjectCpuMicros' | 'postgresCpuMicros'>): string {
  const isThere = postgresCpuMicros !== null && !Number.isNaN(postgresCpuMicros)
  return `${shown(subjectCpuMicros ?? Number.NaN, 1)} µs${isThere ? ` + ${shown(postgresCpuMicros, 1)} µs` : ''}`
}

function shown (value: number, digits = 0): string {
  return Number.isNaN(value) ? '–' : round(value, digits).toLocaleString('en')
}

/** The last line: that is where programs in most languages say why they end. */
function reasonOf (problem: string): string {
  return (problem.trim().split('\n').at(-1) ?? '').slice(0, 200).replaceAll('|', '/')
}
