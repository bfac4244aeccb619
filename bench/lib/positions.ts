import { Client } from 'pg'
import { setTimeout as sleep } from 'node:timers/promises'
import { cpuSecondsOf, cpuSecondsOfTree, machineBusySeconds, parentOf, peakMegabytesOf } from './cpu.ts'
import type { Services } from '../../test/helpers/services.ts'

export interface Followed {
  readonly services: Services
  readonly applicationId: string
  /** The processes that do the work. */
  readonly pids: readonly number[]
  readonly records: number
  readonly stillRuns: () => string | undefined
  readonly timeoutMs?: number
}

/** Of one run, from its first moved position to its last. */
export interface Pace {
  readonly records: number
  readonly seconds: number
  readonly eventsPerSecond: number
  readonly subjectCpuMicros: number | null
  /** The backends that serve the subject. */
  readonly postgresCpuMicros: number | null
  /** All of Postgres: checkpointer, WAL writer and autovacuum as well, and whoever else uses it. */
  readonly postgresTreeCpuMicros: number | null
  readonly machineCpuMicros: number
  readonly peakMegabytes: number | null
}

const SAMPLE_EVERY_MS = 50

interface Sample {
  readonly done: number
  readonly at: number
  readonly subject: number | undefined
  readonly backends: number | undefined
  readonly tree: number | undefined
  readonly machine: number
}

/** Looks at the committed positions twenty times a second until all records are behind them. */
export async function followPositions (followed: Followed): Promise<Pace> {
  const { services, applicationId, pids, records, stillRuns, timeoutMs = 300_000 } = followed
  const client = new Client({ connectionString: services.postgres, application_name: 'bench' })
  await client.connect()
  try {
    const take = await openSampler(client, applicationId, pids)
    const deadline = Date.now() + timeoutMs
    let first: Sample | undefined
    for (;;) {
      const done = await committedRecords(client, applicationId)
      if (done > 0) first ??= await take(done)
      if (done >= records && first !== undefined) return paceBetween(first, await take(done), await peakOf(pids))
      const ended = stillRuns()
      if (ended !== undefined) throw new Error(`${records - done} of ${records} records were left when it ended:\n${ended}`)
      if (Date.now() > deadline) throw new Error(`${records - done} of ${records} records were left after ${timeoutMs} ms.`)
      await sleep(SAMPLE_EVERY_MS)
    }
  } finally {
    await client.end()
  }
}

/** The sum of all positions: the logs begin at offset 0. */
export async function committedRecords (client: Client, applicationId: string): Promise<number> {
  const { rows } = await client.query<{ done: string }>(`select coalesce(sum(value::bigint), 0) as done from "${applicationId}".millrace_tasks, jsonb_each_text(offsets)`)
    .catch(() => ({ rows: [] }))
  return Number(rows[0]?.done ?? 0)
}

async function openSampler (client: Client, applicationId: string, pids: readonly number[]): Promise<(done: number) => Promise<Sample>> {
  const { rows: [own] } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  const postmaster = own === undefined ? undefined : await parentOf(own.pid)
  return async done => {
    const at = performance.now()
    const { rows } = await client.query<{ pid: number }>('select pid from pg_stat_activity where application_name like $1', [`millrace ${applicationId}%`])
    return {
      done,
      at,
      subject: await sumOf(pids),
      backends: postmaster === undefined ? undefined : await sumOf(rows.map(({ pid }) => pid)),
      tree: postmaster === undefined ? undefined : await cpuSecondsOfTree(postmaster),
      machine: machineBusySeconds()
    }
  }
}

async function sumOf (pids: readonly number[]): Promise<number | undefined> {
  const seconds = await Promise.all(pids.map(cpuSecondsOf))
  return seconds.reduce((sum, each) => sum === undefined || each === undefined ? undefined : sum + each, 0)
}

async function peakOf (pids: readonly number[]): Promise<number | undefined> {
  const peaks = await Promise.all(pids.map(peakMegabytesOf))
  return peaks.reduce((most, each) => each === undefined ? most : Math.max(most ?? 0, each), undefined)
}

function paceBetween (first: Sample, last: Sample, peak: number | undefined): Pace {
  const records = last.done - first.done
  const seconds = (last.at - first.at) / 1000
  const perRecord = (from: number | undefined, to: number | undefined) => from === undefined || to === undefined ? null : (to - from) * 1e6 / records
  return {
    records,
    seconds,
    eventsPerSecond: records / seconds,
    subjectCpuMicros: perRecord(first.subject, last.subject),
    postgresCpuMicros: perRecord(first.backends, last.backends),
    postgresTreeCpuMicros: perRecord(first.tree, last.tree),
    machineCpuMicros: perRecord(first.machine, last.machine) ?? 0,
    peakMegabytes: peak ?? null
  }
}
