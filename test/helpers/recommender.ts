import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { openKafkaLog } from '../../streams/runtime.ts'
import { LogError, type Log, type LogRecord } from '../../streams/index.ts'
import { contractSettings, type ModelRecord, type ModelResult, type ModelSettings } from './model.ts'
import { serviceEnvironment, type Services } from './services.ts'

/** Topics of a test's own, as the worker's environment names them. */
export interface RecommenderTopics {
  readonly impression: string
  readonly watch: string
  readonly event: string
  readonly dlq: string
}

export function modelSettings ({ impression, watch, event }: RecommenderTopics): ModelSettings {
  return { ...contractSettings, topics: { impression, watch, event } }
}

export function workerEnvironment (services: Services, applicationId: string, topics: RecommenderTopics): Record<string, string> {
  return {
    ...serviceEnvironment(services, applicationId),
    TOPIC_IMPRESSION: topics.impression,
    TOPIC_WATCH: topics.watch,
    TOPIC_EVENT: topics.event,
    TOPIC_DLQ: topics.dlq,
    KAFKA_SESSION_TIMEOUT_MS: '6000',
    LOG_LEVEL: 'warn'
  }
}

export interface WorkerProcess {
  readonly child: ChildProcess
  readonly output: () => string
  /** The address of its metrics and health, once it runs; it must log at level info. Rejects when it ended before. */
  readonly address: () => Promise<string>
  /** SIGTERM, and the exit code. */
  readonly stop: () => Promise<number | null>
}

/** A file of bin/. */
export function executable (file: string): string {
  return fileURLToPath(new URL(`../../bin/${file}`, import.meta.url))
}

/** A worker as users run it, or another command: a process of its own. It is killed at the end of the test, if it still runs. */
export function startWorker (t: { after: (fn: () => Promise<void>) => void }, environment: Readonly<Record<string, string>>, command: readonly string[] = [executable('worker.ts')]): WorkerProcess {
  const child = spawn(process.execPath, command, { env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  child.stdout.on('data', chunk => { output += String(chunk) })
  child.stderr.on('data', chunk => { output += String(chunk) })
  const exited = once(child, 'exit')
  t.after(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    await exited
  })
  return {
    child,
    output: () => output,
    async address () {
      for (;;) {
        const told = /"address":"([^"]+)","msg":"the worker runs"/.exec(output)?.[1]
        if (told !== undefined) return told
        if (child.exitCode !== null || child.signalCode !== null) throw new Error(`the worker ended before it ran:\n${output}`)
        await new Promise(resolve => setTimeout(resolve, 20))
      }
    },
    async stop () {
      child.kill('SIGTERM')
      await exited
      return child.exitCode
    }
  }
}

/** Puts records where they say, in order; the log numbers them as they are numbered, because it was empty. */
export async function produce (services: Services, records: readonly ModelRecord[]): Promise<void> {
  const log = openKafkaLog({ brokers: services.kafka.split(','), clientId: 'millrace-tests' })
  const producer = log.openProducer()
  try {
    for (let from = 0; from < records.length; from += 5_000) {
      await producer.send(records.slice(from, from + 5_000).map(({ topic, partition, key, value, timestamp }) => ({
        topic, partition, key: key === null ? null : Buffer.from(key), value, headers: [], timestamp
      })))
    }
  } finally {
    await log.close()
  }
}

/**
 * As `produce`, over outages of the log: nobody else writes to these partitions, so where one ends says what of it has arrived.
 */
export async function produceOnce (services: Services, records: readonly ModelRecord[]): Promise<void> {
  const deadline = Date.now() + 60_000
  for (let left = records; left.length > 0;) {
    try {
      return await produce(services, left)
    } catch (error) {
      if (!(error instanceof LogError) || error.kind !== 'outage' || Date.now() > deadline) throw error
      left = await notIn(services, left).catch(() => left)
    }
  }
}

async function notIn (services: Services, records: readonly ModelRecord[]): Promise<ModelRecord[]> {
  const log = openKafkaLog({ brokers: services.kafka.split(','), clientId: 'millrace-tests' })
  try {
    const ends = await endsOf(log, [...new Set(records.map(({ topic }) => topic))])
    return records.filter(({ topic, partition, offset }) => offset >= (ends.get(`${topic}/${partition}`) ?? Infinity))
  } finally {
    await log.close()
  }
}

/** Waits until every record is behind the positions in Postgres. */
export async function caughtUp (services: Services, applicationId: string, topics: RecommenderTopics, worker: WorkerProcess, timeoutMs = 120_000): Promise<void> {
  const log = openKafkaLog({ brokers: services.kafka.split(','), clientId: 'millrace-tests' })
  const client = new Client({ connectionString: services.postgres })
  await client.connect()
  try {
    const ends = await endsOf(log, [topics.impression, topics.watch, topics.event])
    const deadline = Date.now() + timeoutMs
    for (;;) {
      const lag = await lagOf(client, applicationId, ends)
      if (lag === 0) return
      assert.equal(worker.child.exitCode, null, `the worker ended while ${lag} records were left:\n${worker.output()}`)
      assert.ok(Date.now() < deadline, `${lag} records were left after ${timeoutMs} ms:\n${worker.output()}`)
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  } finally {
    await client.end()
    await log.close()
  }
}

/** Also while a broker is away, and the others have not noticed yet. */
async function endsOf (log: Log, topics: readonly string[]): Promise<Map<string, number>> {
  const deadline = Date.now() + 30_000
  for (;;) {
    try {
      return await endsNow(log, topics)
    } catch (error) {
      if (!(error instanceof LogError) || error.kind !== 'outage' || Date.now() > deadline) throw error
    }
  }
}

async function endsNow (log: Log, topics: readonly string[]): Promise<Map<string, number>> {
  const counts = await log.partitionCounts(topics)
  const partitions = [...counts].flatMap(([topic, count]) => Array.from({ length: count }, (_, partition) => ({ topic, partition })))
  return new Map<string, number>((await log.offsets(partitions, 'latest')).map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]))
}

async function lagOf (client: Client, applicationId: string, ends: ReadonlyMap<string, number>): Promise<number> {
  const { rows } = await client.query<{ partition: number, offsets: Record<string, number> }>(`select partition, offsets from "${applicationId}".millrace_tasks`)
    .catch(() => ({ rows: [] }))
  const positions = new Map<string, number>(rows.flatMap(({ partition, offsets }) => Object.entries(offsets).map(([topic, offset]) => [`${topic}/${partition}`, offset] as const)))
  // Before the worker has taken its tasks nothing is behind it, not even an empty log.
  if (positions.size === 0) return Infinity
  return [...ends].reduce((lag, [partition, end]) => lag + end - (positions.get(partition) ?? 0), 0)
}

/** The tables, in the shape of the model's: numbers for bigint and time, jsonb parsed, sorted by key in byte order. */
export async function readTables (services: Services, applicationId: string): Promise<Omit<ModelResult, 'dead_letters'>> {
  const client = new Client({ connectionString: services.postgres, types: { getTypeParser: (oid: number) => parserOf(oid) } })
  await client.connect()
  const read = async (columns: string, table: string, key: string) => (await client.query(`select ${columns} from "${applicationId}".${table} order by ${key}`)).rows
  try {
    const shared = 'event_id, user_id, session_id, request_id, ts_ms, server_received_ts_ms, context, item_id'
    return {
      impressions: await read(`${shared}, position, feed_id, slot`, 'impressions', 'event_id, position'),
      watches: await read(`${shared}, watch_time_sec, percent_watched, ended, playback_speed, rebuffer_count`, 'watches', 'event_id'),
      events: await read('event_id, user_id, item_id, event_type, (extract(epoch from ts) * 1000)::bigint as ts', 'events', 'event_id'),
      item_popularity: await read('item_id, score', 'item_popularity', 'item_id'),
      co_visitation: await read('prev_item_id, next_item_id, cnt', 'co_visitation', 'prev_item_id, next_item_id'),
      co_visitation_out: await read('item_id, cnt', 'co_visitation_out', 'item_id'),
      co_visitation_in: await read('item_id, cnt', 'co_visitation_in', 'item_id'),
      user_history: await read('user_id, pos, item_id, (extract(epoch from ts) * 1000)::bigint as ts', 'user_history', 'user_id, pos')
    }
  } finally {
    await client.end()
  }
}

function parserOf (oid: number): (text: string) => unknown {
  switch (oid) {
    case 16: return text => text === 't'
    case 20: case 21: case 23: case 701: return Number
    case 3802: return text => JSON.parse(text)
    default: return text => text
  }
}

/** All records of a topic, from its first to its present last. */
export async function readTopic (services: Services, topic: string): Promise<LogRecord[]> {
  const log = openKafkaLog({ brokers: services.kafka.split(','), clientId: 'millrace-tests' })
  try {
    const ends = await endsOf(log, [topic])
    // A worker deletes what it has read of its internal topics.
    const next = new Map<string, number>((await log.offsets([...ends.keys()].map(name => ({ topic, partition: Number(name.slice(topic.length + 1)) })), 'earliest')).map(({ partition, offset }) => [`${topic}/${partition}`, offset]))
    const records: LogRecord[] = []
    const remaining = (): string[] => [...ends].filter(([partition, end]) => (next.get(partition) ?? 0) < end).map(([partition]) => partition)
    await new Promise<void>((resolve, reject) => {
      if (remaining().length === 0) return resolve()
      const reader = log.openReader({
        wanted: () => remaining().map(name => ({ topic, partition: Number(name.slice(topic.length + 1)), offset: next.get(name) ?? 0, epoch: 1 })),
        deliver (batch) {
          records.push(...batch.records)
          next.set(`${topic}/${batch.partition}`, batch.nextOffset)
          if (remaining().length === 0) resolve()
        },
        failed: (_position, error) => reject(error)
      })
      reader.wake()
    })
    return records
  } finally {
    await log.close()
  }
}

/** Dead letters as the model lists them, by topic, partition and offset. */
export function deadLettersOf (records: readonly LogRecord[]): ModelResult['dead_letters'][number][] {
  return records.map(({ value }) => {
    const { source_topic: topic, source_partition: partition, source_offset: offset, error_type: errorType } = JSON.parse(String(value))
    return { source_topic: topic, source_partition: partition, source_offset: offset, error_type: errorType }
  }).sort((a, b) => a.source_topic < b.source_topic ? -1 : a.source_topic > b.source_topic ? 1 : a.source_partition - b.source_partition || a.source_offset - b.source_offset)
}

/** Row by row, and the first difference in words instead of two lists of thousands. */
export function assertSameRows (actual: readonly object[], expected: readonly object[], table: string): void {
  for (let index = 0; index < Math.max(actual.length, expected.length); index++) {
    assert.deepEqual(actual[index], expected[index], `${table}: row ${index} of ${actual.length}, expected ${expected.length}`)
  }
}

export function assertTables (actual: Omit<ModelResult, 'dead_letters'>, expected: ModelResult): void {
  const tables = ['impressions', 'watches', 'events', 'item_popularity', 'co_visitation', 'co_visitation_out', 'co_visitation_in', 'user_history'] as const
  for (const table of tables) assertSameRows(actual[table], expected[table], table)
}
