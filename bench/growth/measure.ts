import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { openKafkaLog } from '../../streams/runtime.ts'
import type { OutgoingRecord } from '../../streams/index.ts'
import { freshTopics, type Services } from '../../test/helpers/services.ts'
import { runEnvironment } from '../lib/millrace-run.ts'
import type { Owner } from '../lib/owner.ts'
import { followPositions, type Pace } from '../lib/positions.ts'
import { startProcess, type StartedProcess } from '../lib/processes.ts'
import { createGrowthLog } from './log.ts'
import { committedRecords, findWrongTotal, forgetPositions } from './state.ts'

export interface State {
  readonly services: Services
  readonly applicationId: string
  readonly keys: number
  /** How often each key was named so far. */
  readonly counts: Map<string, number>
  readonly profile: Readonly<Record<string, string>>
}

export interface Layout {
  readonly partitions: number
  readonly workers: number
}

export interface GrowthRun extends Pace, Layout {
  readonly keys: number
  /** From the start of the processes to the first position that moved. */
  readonly firstCommitSeconds: number
  /** From SIGTERM of the last worker to the commit of records that came meanwhile to every partition; null where there is but one. */
  readonly rebalanceSeconds: number | null
  readonly mistake: string | null
}

const TIMEOUT_MS = 120_000
const PROGRAM = fileURLToPath(new URL('totals.ts', import.meta.url))

export async function measureGrowth (owner: Owner, { services, applicationId, keys, counts, profile }: State, { partitions, workers }: Layout, { count, seed }: { readonly count: number, readonly seed: number }): Promise<GrowthRun> {
  const { amounts: topic } = await freshTopics(owner, services, ['amounts'], partitions)
  const log = createGrowthLog({ topic, partitions, keys, count, seed })
  await send(services, log.records)
  add(counts, log.counts)
  await forgetPositions(services, applicationId)

  const begun = performance.now()
  const processes = Array.from({ length: workers }, () => startTotals(owner, services, applicationId, topic, profile))
  await waitFor(async () => await committedRecords(services, applicationId) > 0, processes)
  const firstCommitSeconds = (performance.now() - begun) / 1000
  const pace = await followPositions({ services, applicationId, pids: processes.map(({ pid }) => pid), records: count, stillRuns: () => endedOf(processes) })
  const rebalanceSeconds = workers === 1 ? null : await rebalance({ services, applicationId, keys, counts, profile }, { topic, partitions, processes, done: count, seed })
  for (const { stop } of processes) await stop()
  const mistake = await findWrongTotal(services, applicationId, counts)
  return { keys, partitions, workers, ...pace, firstCommitSeconds, rebalanceSeconds, mistake: mistake ?? null }
}

interface Rebalanced {
  readonly topic: string
  readonly partitions: number
  readonly processes: readonly StartedProcess[]
  readonly done: number
  readonly seed: number
}

/** So many that every partition has some. */
const RECORDS_MEANWHILE = 1_000

async function rebalance ({ services, applicationId, keys, counts }: State, { topic, partitions, processes, done, seed }: Rebalanced): Promise<number> {
  const log = createGrowthLog({ topic, partitions, keys, count: RECORDS_MEANWHILE, seed: seed + 1 })
  add(counts, log.counts)
  const begun = performance.now()
  const leaving = processes.at(-1)?.stop()
  await send(services, log.records)
  await waitFor(async () => await committedRecords(services, applicationId) >= done + RECORDS_MEANWHILE, processes.slice(0, -1))
  await leaving
  return (performance.now() - begun) / 1000
}

/** Starts a worker on an empty topic, which builds Redis from Postgres; seconds from the start of the build to its end. */
export async function measureRebuild (owner: Owner, { services, applicationId, profile }: State): Promise<number> {
  const { amounts: topic } = await freshTopics(owner, services, ['amounts'])
  const redis = new Redis(services.redis)
  try {
    const worker = startTotals(owner, services, applicationId, topic, profile)
    const state = async (): Promise<string | null> => await redis.hget(`{${applicationId}:0}:fence`, 'state')
    await waitFor(async () => await state() !== null, [worker])
    const begun = performance.now()
    await waitFor(async () => await state() === 'ready', [worker], 3_600_000)
    const seconds = (performance.now() - begun) / 1000
    await worker.stop()
    return seconds
  } finally {
    redis.disconnect()
  }
}

function startTotals (owner: Owner, services: Services, applicationId: string, topic: string, profile: Readonly<Record<string, string>>): StartedProcess {
  return startProcess(owner, 'bin/millrace.js', { ...runEnvironment({ services, applicationId }), TOPIC: topic, ...profile }, ['run', PROGRAM])
}

async function send (services: Services, records: readonly OutgoingRecord[]): Promise<void> {
  const log = openKafkaLog({ brokers: services.kafka.split(','), clientId: 'millrace-bench' })
  const producer = log.openProducer()
  try {
    for (let from = 0; from < records.length; from += 5_000) await producer.send(records.slice(from, from + 5_000))
  } finally {
    await log.close()
  }
}

function add (counts: Map<string, number>, more: ReadonlyMap<string, number>): void {
  for (const [key, count] of more) counts.set(key, (counts.get(key) ?? 0) + count)
}

async function waitFor (isSo: () => Promise<boolean>, processes: readonly StartedProcess[], timeoutMs = TIMEOUT_MS): Promise<void> {
  for (const deadline = performance.now() + timeoutMs; !await isSo();) {
    const ended = endedOf(processes)
    if (ended !== undefined) throw new Error(`A worker ended:\n${ended}`)
    if (performance.now() > deadline) throw new Error(`Nothing came within ${timeoutMs} ms:\n${processes.map(({ output }) => output()).join('\n')}`)
    await sleep(20)
  }
}

function endedOf (processes: readonly StartedProcess[]): string | undefined {
  return processes.find(({ child }) => child.exitCode !== null || child.signalCode !== null)?.output()
}
