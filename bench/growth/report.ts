import type { Table } from '../lib/benchmark.ts'
import { median, round } from '../lib/statistics.ts'
import type { GrowthRun } from './measure.ts'

export interface Rebuild {
  readonly keys: number
  readonly seconds: number
  readonly fillSeconds: number
}

export function growthTables (runs: readonly GrowthRun[], rebuilds: readonly Rebuild[], records: number): Table[] {
  const rows = Map.groupBy(runs, ({ keys, partitions, workers }) => `${keys} ${partitions} ${workers}`).values().map(summarize).toArray()
    .sort((a, b) => a.partitions - b.partitions || a.workers - b.workers || a.keys - b.keys)
  const smallest = (each: Summary): number => rows.find(({ partitions, workers }) => partitions === each.partitions && workers === each.workers)?.cpu ?? Number.NaN
  return [
    {
      title: `Growth: ${records.toLocaleString('en')} records over a state of so many keys, one in twenty of a key that is read from Postgres`,
      rows: [
        ['partitions', 'workers', 'keys', 'CPU per record: workers', 'of the smallest state\'s', 'Postgres', 'records/s', 'first commit', 'rebalance', 'totals'],
        ...rows.map(each => [
          String(each.partitions), String(each.workers), each.keys.toLocaleString('en'),
          `${round(each.cpu, 1)} µs`, `${round(each.cpu / smallest(each) * 100)} %`, `${round(each.postgres, 1)} µs`, round(each.pace).toLocaleString('en'),
          `${round(each.firstCommit, 2)} s`, each.rebalance === null ? '–' : `${round(each.rebalance, 2)} s`, each.correct ? 'as counted' : 'WRONG'
        ])
      ],
      notes: [
        'Medians. Each record reads the total of its key and writes a new one: nineteen in twenty of 1,000 keys that are cached after their first, one in twenty of a key that no other record of the log names, spread over the whole state. So the share of misses is the same at any size.',
        'First commit: from the start of the processes, Node and compiling included. Rebalance: from SIGTERM of the last worker to the commit of records that came to its partitions meanwhile.'
      ]
    },
    {
      title: 'Growth: Redis built anew from Postgres',
      rows: [['keys', 'seconds', 'keys/s'], ...rebuilds.map(({ keys, seconds }) => [keys.toLocaleString('en'), round(seconds, 1).toLocaleString('en'), round(keys / seconds).toLocaleString('en')])],
      notes: ['By one worker, as after a flush. Units are committed meanwhile; reads go to Postgres until it is done.']
    }
  ]
}

type Summary = ReturnType<typeof summarize>

function summarize (runs: readonly GrowthRun[]) {
  const middle = (pick: (run: GrowthRun) => number | null): number => median(runs.map(run => pick(run) ?? Number.NaN))
  const [first] = runs
  return {
    keys: first?.keys ?? 0,
    partitions: first?.partitions ?? 0,
    workers: first?.workers ?? 0,
    cpu: middle(run => run.subjectCpuMicros),
    postgres: middle(run => run.postgresCpuMicros),
    pace: middle(run => run.eventsPerSecond),
    firstCommit: middle(run => run.firstCommitSeconds),
    rebalance: first?.rebalanceSeconds == null ? null : middle(run => run.rebalanceSeconds),
    correct: runs.every(({ mistake }) => mistake === null)
  }
}
