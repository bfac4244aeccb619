import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Registry } from 'prom-client'
import { openFolderStore } from '../processors/downloads/folder-store.ts'
import { openDownloadResults, type DownloadResultsReader } from '../stores/download-results.ts'
import type { DownloadRow } from '../schemas/downloads-api.ts'
import type { LogProducer } from '../streams/index.ts'
import { createMemoryLog, openPglite } from '../streams/runtime.ts'
import { downloadsTopics } from '../topology/downloads-topics.ts'
import type { Environment } from './config.ts'
import { downloadsApplication, downloadsWorkerNames } from './downloads-applications.ts'
import { downloadsSummary, type CheckedFile } from './downloads-summary.ts'
import { openFlakyFiles, type FlakyFiles } from './flaky-files.ts'
import { openEmbeddedWorker } from './open-embedded-worker.ts'
import { runProcess } from './run-process.ts'

export interface DownloadsDemo {
  readonly files: number
  readonly seed: number
}

const FILES_PER_EVENT = 5
const OUTAGE = { afterMs: 1_500, forMs: 4_000 }
const LOOK_EVERY_MS = 250

/** What makes it short enough to watch; whoever sets one of these means it. */
const DEMO_SETTINGS = {
  LOG_LEVEL: 'error',
  DOWNLOADS_RETRY_DELAYS: '200ms,400ms,800ms,1600ms',
  DOWNLOADS_TIMEOUT: '1s',
  DOWNLOADS_CONCURRENCY: '50',
  DOWNLOADS_ALLOW_HTTP: 'true',
  DOWNLOADS_ALLOW_PRIVATE: 'true',
  DOWNLOADS_BREAKER_WINDOW: '2s',
  DOWNLOADS_BREAKER_COOLDOWN: '500ms'
}

/** The whole pipeline in this process, until every file has a result; then it says what became of them. */
export function runDownloadsDemo ({ files, seed }: DownloadsDemo, env: Environment): void {
  runProcess('downloads', { ...DEMO_SETTINGS, ...env, KAFKA_WORKER_AUTO_OFFSET_RESET: 'earliest', DOWNLOADS_CACHE_DIR: undefined, DOWNLOADS_STORE: undefined }, async (given, logger) => {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-downloads-'))
    const storeFolder = join(folder, 'store')
    const config = { ...given, DOWNLOADS_CACHE_DIR: join(folder, 'cache'), DOWNLOADS_STORE: pathToFileURL(storeFolder).href }
    const server = await openFlakyFiles({ seed, files, slowBodyMs: 2_000, outage: OUTAGE })
    const log = createMemoryLog()
    const closers: (() => Promise<void>)[] = [server.close, log.close]
    let results: DownloadResultsReader | undefined
    const done: Promise<void>[] = []
    for (const name of downloadsWorkerNames) {
      // A database in this process has one session, and a worker needs it for itself.
      const database = await openPglite()
      closers.push(database.close)
      const worker = await openEmbeddedWorker({ ...downloadsApplication(name, config), registry: new Registry(), logger, log, database, observer: { assigned () {}, committed () {} } })
      closers.push(worker.stop)
      done.push(worker.done)
      if (name === 'results') results = openDownloadResults({ query: database.readObjects, applicationId: config.DOWNLOADS_RESULTS_APPLICATION_ID })
    }
    process.stdout.write(`Fetching ${files} files from a server that fails on purpose, and is away for ${OUTAGE.forMs / 1_000} s in between.\n`)
    const begunAt = performance.now()
    await sendEvents(log.openProducer(), server, { files, topic: downloadsTopics(config).events.name })
    const finished = watch(results, files, begunAt).then(async rows => {
      const checked = await checkAll(rows, server, storeFolder)
      process.stdout.write(downloadsSummary({ files: checked, calls: server.calls(), seconds: (performance.now() - begunAt) / 1_000, outageSeconds: OUTAGE.forMs / 1_000, store: storeFolder, deadLetters: downloadsTopics(config).deadLetters.name }))
    })
    return {
      finished,
      done: Promise.race([Promise.race(done), finished]),
      async stop () { for (const close of closers.toReversed()) await close() }
    }
  })
}

async function sendEvents (producer: LogProducer, server: FlakyFiles, { files, topic }: { readonly files: number, readonly topic: string }): Promise<void> {
  const events = Array.from({ length: Math.ceil(files / FILES_PER_EVENT) }, (_, event) => ({
    trace_id: `trace-${event}`,
    event_type: 'claim',
    event_subtype: 'documents',
    timestamp: Date.now(),
    assignment_id: `assignment-${event}`,
    attachments: Array.from({ length: Math.min(FILES_PER_EVENT, files - event * FILES_PER_EVENT) }, (_, index) => server.urlOf(event * FILES_PER_EVENT + index))
  }))
  await producer.send(events.map(event => ({ topic, key: Buffer.from(event.trace_id), value: Buffer.from(JSON.stringify(event)), headers: [] })))
}

/** Resolves with the rows when there is one for each file. */
async function watch (results: DownloadResultsReader | undefined, files: number, begunAt: number): Promise<DownloadRow[]> {
  if (results === undefined) throw new TypeError('There is no worker that keeps results.')
  for (;;) {
    const { total } = await results.stats()
    if (process.stdout.isTTY) process.stdout.write(`\r\u001b[K  ${total} of ${files} files have a result, after ${((performance.now() - begunAt) / 1_000).toFixed(1)} s`)
    if (total >= files) break
    await new Promise(resolve => setTimeout(resolve, LOOK_EVERY_MS))
  }
  if (process.stdout.isTTY) process.stdout.write('\r\u001b[K')
  const rows: DownloadRow[] = []
  for (let cursor: string | undefined; ;) {
    const page = await results.list({ limit: 100, ...(cursor === undefined ? {} : { cursor }) })
    rows.push(...page.downloads)
    if (page.cursor === null) return rows
    cursor = page.cursor
  }
}

/** Each result beside what the server knows of the file, and what lies in the store. */
async function checkAll (rows: readonly DownloadRow[], server: FlakyFiles, storeFolder: string): Promise<CheckedFile[]> {
  const store = openFolderStore(storeFolder)
  const numbers = new Map(Array.from({ length: rows.length }, (_, file) => [server.urlOf(file), file]))
  const checked: CheckedFile[] = []
  for (const row of rows) {
    const expected = server.expected(numbers.get(row.attachment_url) ?? -1)
    const stored = await store.find(row.blob_path, new AbortController().signal)
    const isRight = expected.kind === 'missing'
      ? row.status === 'failed_permanent' && stored === undefined
      : row.status === 'completed' && row.sha256 === expected.sha256 && stored?.sha256 === expected.sha256
    checked.push({ row, isRight })
  }
  return checked
}
