import { deepEqual, equal } from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createTestDriver } from '../../streams/testing.ts'
import { openKafkaLog, openPostgres, readLag, type Database } from '../../streams/runtime.ts'
import type { Log, LogRecord, Ordered, OutgoingRecord, Topic, Topology } from '../../streams/index.ts'
import { languages, textTopic } from './language.ts'
import { PARTITIONS, type FedRecord } from './random-days.ts'
import { readTopic, startWorker, type WorkerProcess } from './recommender.ts'
import { configureTopics, freshApplicationId, freshTopics, serviceEnvironment, withAdmin, type Services } from './services.ts'
import { until } from './until.ts'

/** What stands in a sink topic or a table, one line each, in no order. */
export type Lines = readonly string[]

export interface LanguageWorld {
  readonly applicationId: string
  readonly topology: Topology
  readonly log: Log
  /** On the cluster, the internal topics. */
  readonly internalTopics: () => Promise<string[]>
  readonly start: (dieAfter?: number) => WorkerProcess
  /** Writes bit by bit, so that units are under way when a worker dies. */
  readonly feed: (records: readonly FedRecord[], pauseMs?: number) => Promise<void>
  /** Resolves when everything is behind the positions, internal topics too. */
  readonly settled: (worker: WorkerProcess) => Promise<void>
  readonly sink: (name: 'out' | 'out2') => Promise<SinkRecord[]>
  readonly rows: (store: string) => Promise<StoredRow[]>
  readonly driver: (options?: { readonly maxUnitRecords?: number }) => LanguageDriver
}

export interface SinkRecord {
  readonly key: unknown
  readonly value: unknown
  readonly timestamp: number
}

export interface StoredRow {
  readonly partition: number
  /** In hexadecimal digits. */
  readonly key: string
  readonly value: unknown
  readonly timestamp: number
}

/** The same topology under the test driver, with as many partitions. */
export type LanguageDriver = Pick<LanguageWorld, 'feed' | 'sink' | 'rows'>

export type LanguageTopics = Readonly<Record<'left' | 'right' | 'out' | 'out2', string>>

const WORKER = fileURLToPath(new URL('language-worker.ts', import.meta.url))

const SLICE = 60

export async function openLanguageWorld (t: TestContext, services: Services, language: string, environment: Readonly<Record<string, string>> = {}): Promise<LanguageWorld> {
  const topics = await freshTopics(t, services, ['left', 'right', 'out', 'out2'], PARTITIONS)
  // The records are of another day, and Kafka deletes by their own time.
  await configureTopics(services, Object.values(topics), { 'retention.ms': '-1' })
  const applicationId = freshApplicationId(t, services)
  const log = openKafkaLog({ brokers: services.kafka.split(','), clientId: 'millrace-tests' })
  const database = openPostgres({ url: services.postgres, applicationName: 'millrace-tests', maxConnections: 2 })
  const settings = settingsOf(topics)
  const topology = languageOn(language, topics)
  const internalTopics = async (): Promise<string[]> => await withAdmin(services.kafka, async admin => (await admin.listTopics()).filter(name => name.startsWith(`${applicationId}-`)).sort())
  t.after(async () => {
    await log.close()
    await database.close()
    const topics = await internalTopics()
    if (topics.length > 0) await withAdmin(services.kafka, async admin => await admin.deleteTopics({ topics }))
  })
  const inputs = topology.sources.flatMap(({ topics }) => topics.flatMap(topic => topic.internal ? [] : [topic.name]))

  return {
    applicationId,
    topology,
    log,
    internalTopics,
    start: dieAfter => startWorker(t, {
      ...serviceEnvironment(services, applicationId),
      KAFKA_SESSION_TIMEOUT_MS: '2000',
      KAFKA_WORKER_MAX_POLL_RECORDS: String(SLICE),
      LOG_LEVEL: 'info',
      LANGUAGE: language,
      ...settings,
      ...environment,
      ...(dieAfter === undefined ? {} : { DIE_AFTER: String(dieAfter) })
    }, [WORKER]),
    async feed (records, pauseMs = 0) {
      const producer = log.openProducer()
      for (let from = 0; from < records.length; from += SLICE) {
        await producer.send(outgoing(topics, records.slice(from, from + SLICE)))
        if (pauseMs > 0) await sleep(pauseMs)
      }
      await producer.close()
    },
    async settled (worker) {
      const internal = topology.sources.filter(({ topics }) => topics.some(topic => topic.internal)).length
      await until('everything is behind the positions', async () => {
        equal(worker.child.exitCode, null, worker.output())
        const { partitions, totals } = await readLag(applicationId, { log, database }).catch(() => ({ partitions: [], totals: { lag: 1, withoutPosition: 1 } }))
        return totals.lag === 0 && totals.withoutPosition === 0 && partitions.length >= (inputs.length + internal) * PARTITIONS
      }, 120_000)
    },
    async sink (name) {
      const topic = sinkOf(topology, topics[name])
      return onceBySource(await readTopic(services, topic.name)).map(({ key, value, timestamp }) => ({
        key: key === null ? null : topic.key.decode(key), value: value === null ? null : topic.value.decode(value), timestamp
      }))
    },
    rows: async name => await readRows(database, topology, applicationId, name),
    driver: options => openLanguageDriver(t, { topology, topics, applicationId, partitions: PARTITIONS, ...options })
  }
}

function settingsOf (topics: LanguageTopics): Record<string, string> {
  return { LANGUAGE_LEFT: topics.left, LANGUAGE_RIGHT: topics.right, LANGUAGE_OUT: topics.out, LANGUAGE_OUT_2: topics.out2 }
}

export function languageOn (language: string, topics: LanguageTopics): Topology {
  const topology = languages[language]?.configure(settingsOf(topics))
  if (topology === undefined) throw new TypeError(`There is no topology '${language}'.`)
  return topology
}

export interface LanguageDriverOptions {
  readonly topology: Topology
  readonly topics: LanguageTopics
  readonly applicationId: string
  readonly partitions: number
  readonly maxUnitRecords?: number
}

export function openLanguageDriver (t: Pick<TestContext, 'after'>, { topology, topics, maxUnitRecords = 100, ...options }: LanguageDriverOptions): LanguageDriver {
  const driver = createTestDriver(topology, { ...options, maxUnitRecords, debug: false })
  t.after(driver.close)
  return {
    async feed (records) {
      for (const [side, ofSide] of Map.groupBy(records, ({ side }) => side)) {
        await driver.topic(textTopic(topics[side])).pipeAll(ofSide)
      }
    },
    sink: async name => await driver.output(sinkOf(topology, topics[name])).readAll(),
    rows: async name => (await driver.store(storeOf(topology, name)).all()).map(({ partition, key, value, timestamp }) =>
      ({ partition, key: Buffer.from(key, 'latin1').toString('hex'), value, timestamp }))
  }
}

/** What a worker has in one of its tables. */
export async function readRows (database: Pick<Database, 'query'>, topology: Topology, applicationId: string, name: string): Promise<StoredRow[]> {
  const { value: serde } = storeOf(topology, name)
  const rows = await database.query({ text: `select partition, key, value, timestamp from "${applicationId}"."${name}"` })
  return rows.map(([partition, key, value, timestamp]) => ({
    partition: Number(partition), key: (key ?? '').slice(2), value: serde.decode(Buffer.from((value ?? '').slice(2), 'hex')), timestamp: Number(timestamp)
  }))
}

/** Records as they go to a log. */
export function outgoing (topics: LanguageTopics, records: readonly FedRecord[]): OutgoingRecord[] {
  return records.map(({ side, partition, key, value, timestamp }) => ({ topic: topics[side], partition, key: bytes(key), value: bytes(value), headers: [], timestamp }))
}

export function assertSameLines (actual: Lines, expected: Lines, what: string): void {
  const [has, wants] = [actual.toSorted(), expected.toSorted()]
  const first = wants.findIndex((line, nth) => line !== has[nth])
  if (first >= 0 || has.length !== wants.length) deepEqual([has.length, has.slice(Math.max(0, first), first + 3)], [wants.length, wants.slice(Math.max(0, first), first + 3)], what)
}

function bytes (text: string | null): Buffer | null {
  return text === null ? null : Buffer.from(text)
}

/** A unit that died behind its records is run again, and writes them again; the header tells which are the same. */
function onceBySource (records: readonly LogRecord[]): LogRecord[] {
  const once = new Map(records.map(record => [record.headers.find(([name]) => name === 'millrace-source')?.[1]?.toString(), record]))
  if (once.has(undefined)) throw new TypeError('A record of a sink has no millrace-source header.')
  return [...once.values()]
}

function sinkOf (topology: Topology, name: string): Topic {
  const topic = topology.nodes.find(({ kind, topic }) => kind === 'sink' && topic?.name === name)?.topic
  if (topic === undefined) throw new TypeError(`Topology '${topology.name}' does not write to '${name}'.`)
  return topic
}

function storeOf (topology: Topology, name: string): Ordered {
  const store = topology.stores.find(store => store.name === name)
  if (store?.kind !== 'ordered') throw new TypeError(`Topology '${topology.name}' has no ordered store '${name}'; it has ${topology.stores.map(({ name }) => name).join(', ')}.`)
  return store
}
