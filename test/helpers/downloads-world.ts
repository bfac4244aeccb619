import { deepEqual, equal, ok } from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { DownloadsWorkerName } from '../../bin/downloads-applications.ts'
import { openFlakyFiles, usualTroubles, type FlakyFiles, type Troubles } from '../../bin/flaky-files.ts'
import { openKafkaLog } from '../../streams/runtime.ts'
import type { LogRecord, OutgoingRecord } from '../../streams/index.ts'
import { downloadTask, openFolder, sha256Of } from './downloads.ts'
import { executable, readTopic, startWorker, type WorkerProcess } from './recommender.ts'
import { freshApplicationId, uniqueName, withAdmin, type Services } from './services.ts'
import { until } from './until.ts'
import { withPostgres } from './with-postgres.ts'

export interface DownloadsWorldOptions {
  readonly seed: number
  readonly files: number
  readonly outage: { readonly afterMs: number, readonly forMs: number }
  readonly troubles?: Partial<Troubles>
}

/** What a test has put on `pending` that no worker can do anything with: a dead letter each. */
export interface Refused {
  /** Those that say whose they are have a row. */
  readonly mediaIds: readonly string[]
  readonly nameless: number
}

/** The downloads pipeline on services, with files from a server that fails on purpose and knows what should have become of them. */
export interface DownloadsWorld {
  readonly server: FlakyFiles
  readonly environment: Readonly<Record<string, string>>
  /** Resolves when the worker runs; nothing named: all in one process. */
  readonly start: (name?: DownloadsWorkerName) => Promise<WorkerProcess>
  /** Events for all files. */
  readonly feed: () => Promise<void>
  /** Puts garbage on `pending`: what is no task, tasks that nobody can or may do, headers that only look like ours, and tasks once more under another key. */
  readonly spoil: () => Promise<Refused>
  /** Which file of the server it is. */
  readonly fileOf: (row: Pick<ResultRow, 'attachment_url'>) => number
  readonly rows: () => Promise<readonly ResultRow[]>
  /** So many files have a result. */
  readonly reached: (count: number, workers: readonly WorkerProcess[]) => Promise<void>
  /** Waits until every file has a result, then compares rows, results, dead letters and the store with what the server knows. */
  readonly assertAll: (workers: readonly WorkerProcess[], refused?: Refused) => Promise<void>
}

export interface ResultRow {
  readonly media_id: string
  readonly attachment_url: string
  readonly blob_path: string
  readonly status: string
  readonly sha256: string | null
  readonly attempts: number
}

export const RETRY_DELAYS = '200ms,400ms,800ms,1600ms'
const ATTEMPTS = 5
const FILES_PER_EVENT = 5
const SUBTYPE = 'documents'

export async function openDownloadsWorld (t: TestContext, services: Services, { seed, files, outage, troubles }: DownloadsWorldOptions): Promise<DownloadsWorld> {
  const folder = await openFolder(t)
  const [cache, store] = [join(folder, 'cache'), join(folder, 'store')]
  const prefix = uniqueName(t)
  const ids = {
    DOWNLOADS_EVENTS_APPLICATION_ID: freshApplicationId(t, services),
    DOWNLOADS_DOWNLOAD_APPLICATION_ID: freshApplicationId(t, services),
    DOWNLOADS_UPLOAD_APPLICATION_ID: freshApplicationId(t, services),
    DOWNLOADS_RESULTS_APPLICATION_ID: freshApplicationId(t, services)
  }
  t.after(async () => await deleteTopics(services, [prefix, ...Object.values(ids)]))
  const server = await openFlakyFiles({ seed, files, slowBodyMs: 1_000, outage, troubles: { ...usualTroubles, ...troubles } })
  t.after(server.close)
  const topics = { pending: `${prefix}.downloads.pending`, results: `${prefix}.downloads.results`, deadLetters: `${prefix}.downloads.dlq` }
  const urls = new Map(Array.from({ length: files }, (_, file) => [server.urlOf(file), file]))
  const environment: Readonly<Record<string, string>> = {
    KAFKA_BOOTSTRAP: services.kafka,
    REDIS_URL: services.redis,
    DATABASE_URL: services.postgres,
    KAFKA_WORKER_AUTO_OFFSET_RESET: 'earliest',
    KAFKA_SESSION_TIMEOUT_MS: '3000',
    WORKER_METRICS_HOST: '127.0.0.1',
    WORKER_METRICS_PORT: '0',
    LOG_LEVEL: 'info',
    ...ids,
    DOWNLOADS_TOPIC_PREFIX: prefix,
    DOWNLOADS_RETRY_DELAYS: RETRY_DELAYS,
    // Longer than a slow body takes, also on a busy machine: only silence lasts so long.
    DOWNLOADS_TIMEOUT: '4s',
    DOWNLOADS_CONCURRENCY: '50',
    DOWNLOADS_ALLOW_HTTP: 'true',
    DOWNLOADS_ALLOW_PRIVATE: 'true',
    DOWNLOADS_CACHE_DIR: cache,
    DOWNLOADS_STORE: pathToFileURL(store).href,
    DOWNLOADS_BREAKER_WINDOW: '2s',
    DOWNLOADS_BREAKER_COOLDOWN: '500ms'
  }

  const produce = async (records: readonly OutgoingRecord[]): Promise<void> => {
    const log = openKafkaLog({ brokers: services.kafka.split(','), clientId: 'millrace-tests' })
    try {
      await log.openProducer().send(records)
    } finally {
      await log.close()
    }
  }

  const table = `"${ids.DOWNLOADS_RESULTS_APPLICATION_ID}".downloads`
  async function ask<Row extends object> (sql: string): Promise<Row[]> {
    // Postgres may be away, and before the first start there is no table.
    return await withPostgres(services, async client => (await client.query<Row>(sql)).rows).catch(() => [])
  }
  const rows = async (): Promise<readonly ResultRow[]> => await ask<ResultRow>(`select media_id, attachment_url, blob_path, status, sha256, attempts from ${table} order by media_id`)

  async function reached (count: number, workers: readonly WorkerProcess[]): Promise<void> {
    let last = 0
    // Long, for a machine that does more than this; progress is what is waited for.
    for (let stillMs = 0; ; stillMs += 100) {
      const done = (await ask<{ n: number }>(`select count(*)::int as n from ${table}`))[0]?.n ?? 0
      if (done >= count) return
      for (const { child, output } of workers) equal(child.exitCode ?? child.signalCode, null, `a worker ended:\n${output()}`)
      if (done > last) stillMs = 0
      last = done
      ok(stillMs < 45_000, `${done} of ${files} files have a result, and no other came for 45 s; the server's calls: ${JSON.stringify(server.calls())}\n${workers.map(({ output }) => output().slice(-5_000)).join('\n')}`)
      await new Promise(resolve => setTimeout(resolve, 100))
    }
  }

  async function assertAll (workers: readonly WorkerProcess[], { mediaIds, nameless }: Refused = { mediaIds: [], nameless: 0 }): Promise<void> {
    await reached(files + mediaIds.length, workers)
    const all = new Map((await rows()).map(row => [row.media_id, row]))
    for (const id of mediaIds) equal(all.get(id)?.status, 'failed_permanent', `what was refused has its row: ${id}`)
    const results = [...all.values()].filter(({ media_id: id }) => !mediaIds.includes(id))
    equal(results.length, files, 'every file has one row')
    equal(new Set(results.map(({ attachment_url: url }) => url)).size, files)
    for (const row of results) assertFate(row)

    // After a crash a record may have been sent twice; the second one says the same.
    for (const { value } of await readTopic(services, topics.results)) {
      const { media_id: id, status } = JSON.parse(String(value))
      equal(status, all.get(id)?.status, `the results of ${id}`)
    }
    const failed = [...all.values()].filter(({ status }) => status !== 'completed').map(({ media_id: id }) => id)
    const letters = await lettersOnce()
    deepEqual(letters.map(mediaOf).filter(id => id !== '').sort(), failed.sort(), 'one dead letter for each that failed')
    equal(letters.filter(letter => mediaOf(letter) === '').length, nameless)

    const completed = results.filter(({ status }) => status === 'completed')
    deepEqual((await filesBelow(join(store, SUBTYPE))).sort(), completed.map(({ blob_path: path }) => path).sort(), 'the store has exactly the completed files')
    for (const { blob_path: path, sha256 } of completed) equal(sha256Of(await readFile(join(store, path))), sha256, path)
  }

  function fileOf ({ attachment_url: url }: Pick<ResultRow, 'attachment_url'>): number {
    const file = urls.get(url)
    ok(file !== undefined, `nobody asked for ${url}`)
    return file
  }

  function assertFate (row: ResultRow): void {
    const file = fileOf(row)
    const expected = server.expected(file)
    const told = `${JSON.stringify(row)}; the server made ${server.troublesOf(file)} troubles for it`
    if (expected.kind === 'missing') return equal(row.status, 'failed_permanent', told)
    // Whose every attempt met trouble that the server made for it alone is rightly given up; that is one of half a million.
    if (row.status === 'failed_exhausted' && server.troublesOf(file) >= ATTEMPTS) return
    deepEqual([row.status, row.sha256], ['completed', expected.sha256], told)
  }

  /** After a crash one may have been sent twice. */
  async function lettersOnce (): Promise<LogRecord[]> {
    const letters = await readTopic(services, topics.deadLetters)
    return [...new Map(letters.map(letter => [String(headerOf(letter, '__millrace.errors.id')), letter])).values()]
  }

  return {
    server,
    environment,
    async start (name) {
      const worker = startWorker(t, environment, [executable('downloads.ts'), ...(name === undefined ? [] : [name])])
      const wanted = name === undefined ? 4 : 1
      await until('the worker runs', () => {
        equal(worker.child.exitCode ?? worker.child.signalCode, null, worker.output())
        return worker.output().split('"msg":"the worker runs"').length > wanted
      })
      return worker
    },
    async feed () {
      const events = Array.from({ length: Math.ceil(files / FILES_PER_EVENT) }, (_, event) => ({
        trace_id: `trace-${event}`,
        event_type: 'claim',
        event_subtype: SUBTYPE,
        timestamp: Date.now(),
        assignment_id: `assignment-${event}`,
        attachments: Array.from({ length: Math.min(FILES_PER_EVENT, files - event * FILES_PER_EVENT) }, (_, index) => server.urlOf(event * FILES_PER_EVENT + index))
      }))
      await produce(events.map(event => ({ topic: `${prefix}.events.raw`, key: Buffer.from(event.trace_id), value: Buffer.from(JSON.stringify(event)), headers: [] })))
    },
    async spoil () {
      const { records, refused } = spoiltTasks(topics.pending)
      const again = (await readTopic(services, topics.pending)).filter(({ value }) => server.expected(fileOf(JSON.parse(String(value)))).kind === 'file').slice(0, 50)
      await produce([...records, ...again.map(({ value, headers }) => ({ topic: topics.pending, key: Buffer.from('another'), value, headers }))])
      return refused
    },
    fileOf,
    rows,
    reached,
    assertAll
  }
}

/** Records on `pending` that are garbage, each in a way of its own. */
function spoiltTasks (topic: string): { readonly records: readonly OutgoingRecord[], readonly refused: Refused } {
  const nameless = [
    null, '', '{', 'null', '[]', '"text"', '17', '{}', '['.repeat(50_000), Buffer.from([0xff, 0xfe, 0xc0]),
    JSON.stringify({ ...downloadTask(), media_id: undefined }), JSON.stringify({ ...downloadTask(), media_id: 7 }), JSON.stringify({ ...downloadTask(), media_id: '\u0000' })
  ]
  const named: readonly object[] = [
    { attachment_url: undefined }, { attachment_url: '' }, { attachment_url: 'x'.repeat(9_000) }, { attachment_url: ['http://127.0.0.1/'] },
    { attachment_url: 'no address' }, { attachment_url: 'file:///etc/passwd' }, { attachment_url: 'javascript:alert(1)' }, { attachment_url: 'ftp://127.0.0.1/a' }, { attachment_url: 'http://' },
    { blob_path: '../../outside.pdf' }, { blob_path: '/outside.pdf' }, { blob_path: 'documents/\u0000.pdf' }, { blob_path: 'x/'.repeat(600) },
    { retry_count: -1 }, { retry_count: 'many' }, { retry_count: 1e300 }, { file_type: 'P/D' }, { assignment_id: '..' }, { trace_id: 'x'.repeat(201) }
  ]
  const mediaIds = named.map(() => randomUUID())
  const texts = named.map((fields, index) => JSON.stringify({ ...downloadTask(), media_id: mediaIds[index], ...fields }))
  const headers: OutgoingRecord['headers'] = [['millrace-retry', Buffer.from('{"attempts":99}')], ['millrace-retry', null], ['traceparent', Buffer.from('no trace')], ['kafka_retry-attempts', Buffer.alloc(0)]]
  const records = [...nameless, ...texts].map((value, index): OutgoingRecord => ({
    topic,
    key: index % 3 === 0 ? null : Buffer.from(`garbage-${index}`),
    value: value === null ? null : Buffer.from(value),
    headers: index % 2 === 0 ? headers : []
  }))
  return { records, refused: { mediaIds, nameless: nameless.length } }
}

/** Whose dead letter it is; empty: it does not say. */
function mediaOf ({ value }: LogRecord): string {
  try {
    const { media_id: id } = JSON.parse(String(value)) ?? {}
    return typeof id === 'string' && id !== '\u0000' ? id : ''
  } catch {
    return ''
  }
}

function headerOf ({ headers }: LogRecord, wanted: string): string {
  const [, value] = headers.find(([name]) => name === wanted) ?? []
  ok(value !== undefined && value !== null, `there is no header ${wanted}`)
  return String(value)
}

/** Their paths below the store. */
async function filesBelow (folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter(entry => entry.isFile()).map(({ parentPath, name }) => join(SUBTYPE, parentPath.slice(folder.length), name))
}

async function deleteTopics ({ kafka }: Services, beginnings: readonly string[]): Promise<void> {
  await withAdmin(kafka, async admin => {
    const topics = (await admin.listTopics()).filter(topic => beginnings.some(beginning => topic.startsWith(`${beginning}.`)))
    if (topics.length > 0) await admin.deleteTopics({ topics })
  })
}
