import { equal } from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openKafkaLog, openPostgres, readLag, type Database } from '../../streams/runtime.ts'
import type { LogRecord, Topology } from '../../streams/index.ts'
import type { Progress } from '../../streams/state/progress.ts'
import { partitionFor } from '../../streams/log/partitioner.ts'
import { callings } from './calling.ts'
import { readRows } from './language-world.ts'
import { startPartner, type Errand, type Partner } from './partner.ts'
import { readTopic, startWorker, type WorkerProcess } from './recommender.ts'
import { freshApplicationId, freshTopics, serviceEnvironment, withAdmin, type Services } from './services.ts'
import { startUnitPulse, type UnitPulse } from './unit-pulse.ts'
import { until } from './until.ts'

export const PARTITIONS = 6

export interface FedErrand extends Errand {
  readonly key: string
}

/** What took effect for a record, and at which attempt. */
export interface Effect {
  readonly id: number
  readonly attempt: number
}

/** How far a partition of all topics of the task is done, and what it has put aside. */
export interface TaskRow {
  readonly partition: number
  readonly epoch: number
  readonly progressOf: (topic: string) => Progress
  /** How many attempts have failed, by the offset of the errand. */
  readonly parked: ReadonlyMap<number, number>
}

export interface CallsWorld {
  readonly applicationId: string
  readonly topology: Topology
  readonly partner: Partner
  readonly database: Pick<Database, 'query'>
  readonly errandsTopic: string
  readonly start: (environment?: Readonly<Record<string, string>>) => WorkerProcess
  readonly feed: (errands: readonly FedErrand[]) => Promise<void>
  /** By key, in the order in which they took effect. */
  readonly effects: () => Promise<ReadonlyMap<string, readonly Effect[]>>
  /** Once per unit that was committed. */
  readonly results: () => Promise<readonly (Effect & { readonly key: string })[]>
  /** Begins to measure how long commits take on this machine. */
  readonly pulse: () => UnitPulse
  /** The offsets' ids, in order. */
  readonly letters: () => Promise<readonly number[]>
  /** As the state has them now. */
  readonly tasks: () => Promise<readonly TaskRow[]>
  /** All records in the retry topics, those of units that came to nothing too. */
  readonly retries: () => Promise<readonly LogRecord[]>
  readonly lag: () => Promise<number>
  /** Resolves when so many have a result or a dead letter, and nothing is behind the positions or parked. */
  readonly settled: (errands: number) => Promise<void>
}

const WORKER = fileURLToPath(new URL('calls-worker.ts', import.meta.url))

export async function openCallsWorld (t: TestContext, services: Services, calling: string): Promise<CallsWorld> {
  const topics = await freshTopics(t, services, ['errands', 'results', 'letters', 'pulse'], PARTITIONS)
  const applicationId = freshApplicationId(t, services)
  const partner = await startPartner(t)
  const log = openKafkaLog({ brokers: services.kafka.split(','), clientId: 'millrace-tests' })
  const database = openPostgres({ url: services.postgres, applicationName: 'millrace-tests', maxConnections: 2 })
  const settings = { CALLING_ERRANDS: topics.errands, CALLING_RESULTS: topics.results, CALLING_LETTERS: topics.letters, CALLING_PARTNER: partner.url }
  const topology = callings[calling]?.configure(settings)
  if (topology === undefined) throw new TypeError(`There is no topology '${calling}'.`)
  const internalTopics = async (): Promise<string[]> => await withAdmin(services.kafka, async admin => (await admin.listTopics()).filter(name => name.startsWith(`${applicationId}-`)).sort())
  const pulses: UnitPulse[] = []
  t.after(async () => {
    // Of a test that has failed: it says itself what went wrong, and its topics are gone by now.
    for (const pulse of pulses) await pulse.stop().catch(() => {})
    await log.close()
    await database.close()
    const left = await internalTopics()
    if (left.length > 0) await withAdmin(services.kafka, async admin => await admin.deleteTopics({ topics: left }))
  })

  const effects: CallsWorld['effects'] = async () => {
    const rows = await readRows(database, topology, applicationId, 'done')
    // The key frame's own bytes come first; keys of these tests are letters and digits.
    return new Map(rows.map(({ key, value }) => [Buffer.from(key, 'hex').toString(), effectsIn(String(value))]))
  }
  const letters: CallsWorld['letters'] = async () => [...new Set((await readTopic(services, topics.letters)).map(({ value }) => idIn(value)))].sort((a, b) => a - b)
  const lag: CallsWorld['lag'] = async () => (await readLag(applicationId, { log, database })).totals.lag

  return {
    applicationId,
    topology,
    partner,
    database,
    errandsTopic: topics.errands,
    effects,
    letters,
    lag,
    pulse () {
      const pulse = startUnitPulse({ database, producer: log.openProducer(), topic: topics.pulse })
      pulses.push(pulse)
      return pulse
    },
    start: (environment = {}) => startWorker(t, {
      ...serviceEnvironment(services, applicationId),
      KAFKA_SESSION_TIMEOUT_MS: '2000',
      LOG_LEVEL: 'info',
      CALLING: calling,
      ...settings,
      ...environment
    }, [WORKER]),
    async feed (errands) {
      const producer = log.openProducer()
      await producer.send(errands.map(({ key, ...errand }) => ({
        topic: topics.errands, partition: partitionFor(Buffer.from(key), PARTITIONS), key: Buffer.from(key), value: Buffer.from(JSON.stringify(errand)), headers: [], timestamp: Date.now()
      })))
      await producer.close()
    },
    async results () {
      const once = new Map((await readTopic(services, topics.results)).map(record => [headerOf(record, 'millrace-source')?.toString(), record]))
      return [...once.values()].map(({ key, value }) => ({ key: String(key), ...JSON.parse(String(value)) as Effect }))
    },
    async tasks () {
      // One statement, so that what is parked and the position are of the same unit.
      const rows = await database.query({
        text: `select t.partition, t.epoch, t.offsets, t.finished, coalesce((select jsonb_agg(jsonb_build_array(p."offset", p.attempts)) from "${applicationId}".millrace_parked as p where (p.sub_topology, p.partition) = (t.sub_topology, t.partition)), '[]')
          from "${applicationId}".millrace_tasks as t where t.offsets ? $1 order by t.partition`,
        values: [topics.errands]
      })
      return rows.map(([partition, epoch, offsets, finished, parked]) => {
        const [offsetOf, finishedOf] = [JSON.parse(offsets ?? '{}'), JSON.parse(finished ?? '{}')]
        return { partition: Number(partition), epoch: Number(epoch), progressOf: topic => ({ offset: offsetOf[topic] ?? 0, beyond: finishedOf[topic] ?? [] }), parked: new Map(JSON.parse(parked ?? '[]')) }
      })
    },
    async retries () {
      const topics = (await internalTopics()).filter(name => name.includes('retry'))
      return (await Promise.all(topics.map(async topic => await readTopic(services, topic)))).flat()
    },
    async settled (errands) {
      let seen = 'nothing'
      await until('all errands are done', async () => {
        const [done, given, left, [[parked] = []]] = await Promise.all([
          effects().catch(() => new Map<string, Effect[]>()), letters(), lag().catch(() => Infinity), database.query({ text: `select count(*) from "${applicationId}".millrace_parked` }).catch(() => [])
        ])
        const results = [...done.values()].reduce((sum, { length }) => sum + length, 0)
        seen = `${results} results, ${given.length} dead letters, ${left} behind, ${parked} parked`
        return results + given.length >= errands && left === 0 && Number(parked) === 0
      }, 120_000).catch((error: unknown) => { throw new Error(`of ${errands}: ${seen}`, { cause: error }) })
    }
  }
}

export function headerOf ({ headers }: LogRecord, name: string): Buffer | undefined {
  return headers.findLast(([each]) => each === name)?.[1] ?? undefined
}

export function assertRuns (worker: WorkerProcess): void {
  equal(worker.child.exitCode ?? worker.child.signalCode, null, worker.output())
}

function effectsIn (text: string): Effect[] {
  return text.split(' ').filter(Boolean).map(each => {
    const [id, attempt] = each.split('/').map(Number)
    return { id: id ?? 0, attempt: attempt ?? 0 }
  })
}

function idIn (value: Buffer | null): number {
  // Fed by these tests, and nobody else.
  return (JSON.parse(String(value)) as Errand).id
}
