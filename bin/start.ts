import { Registry } from 'prom-client'
import { createIngest } from '../ingest/server.ts'
import type { LogProducer } from '../streams/index.ts'
import { createMemoryLog, createMemoryProjection, openPglite } from '../streams/runtime.ts'
import type { Config } from './config.ts'
import { readEventFile, type EventKind, type InputEvent } from './event-file.ts'
import { openApi } from './open-api.ts'
import { openEmbeddedWorker } from './open-embedded-worker.ts'
import { recommenderApplication } from './recommender.ts'
import { runProcess } from './run-process.ts'
import { sampleEvents } from './sample-events.ts'
import { welcome } from './welcome.ts'

/** Everything in one process: the log and the projection in memory, Postgres as WebAssembly; topology, processors and SQL as on real services. */
runProcess('start', { LOG_LEVEL: 'warn', ...process.env, KAFKA_WORKER_AUTO_OFFSET_RESET: 'earliest' }, async (config, logger) => {
  const eventFile = readArguments(process.argv.slice(2))
  const log = createMemoryLog()
  const database = await openPglite()
  const projection = createMemoryProjection()
  const registry = new Registry()
  const application = recommenderApplication({ config, mode: 'embedded', registry })
  const worker = await openEmbeddedWorker({
    application, config, registry, logger, log, database, observer: { assigned () {}, committed: (_unit, { changes }) => projection.apply(changes) }
  })
  const producer = log.openProducer()
  const api = openApi({ config, database, projection: projection.reader, worker: { enabled: true, mode: 'embedded' }, logger })
  const ingest = createIngest({ producer: log.openProducer(), settings: config, recoUrl: `http://${config.HOST}:${config.PORT}`, logger })
  const feeding = new AbortController()
  await api.listen({ host: config.HOST, port: config.PORT })
  await ingest.listen({ host: config.HOST, port: config.INGEST_PORT })
  process.stdout.write(welcome({ config, eventFile }))
  if (process.stdout.isTTY) showProgress(application.report, feeding.signal)

  const fed = eventFile === undefined ? feedSamples(producer, config, feeding.signal) : feedFile(eventFile, producer, config)
  return {
    done: Promise.all([fed, worker.done]).then(() => {}),
    async stop () {
      feeding.abort()
      await ingest.close()
      await api.close()
      await worker.stop()
      await log.close()
      await database.close()
    }
  }
})

function readArguments (given: readonly string[]): string | undefined {
  if (given.length === 0) return undefined
  const [option, file] = given
  if (given.length === 2 && option === '--events' && file !== undefined) return file
  throw new Error(`npm start takes nothing, or -- --events FILE.ndjson; found: ${given.join(' ')}`)
}

/** About so many events a second, in steps small enough to look like a stream. */
const EVENTS_PER_STEP = 20
const STEP_MS = 100
/** So that the first look at /reco finds something. */
const FIRST_EVENTS = 5_000

async function feedSamples (producer: LogProducer, config: Config, signal: AbortSignal): Promise<void> {
  const events = sampleEvents({ seed: 1, now: Date.now })
  const take = (count: number): InputEvent[] => Array.from({ length: count }, () => events.next().value)
  await send(producer, config, take(FIRST_EVENTS))
  while (!signal.aborted) {
    await send(producer, config, take(EVENTS_PER_STEP))
    await new Promise(resolve => setTimeout(resolve, STEP_MS))
  }
}

const FILE_BATCH = 1_000

async function feedFile (file: string, producer: LogProducer, config: Config): Promise<void> {
  let batch: InputEvent[] = []
  let sent = 0
  for await (const event of readEventFile(file, { topics: topicNames(config), now: Date.now })) {
    batch.push(event)
    if (batch.length < FILE_BATCH) continue
    await send(producer, config, batch)
    sent += batch.length
    batch = []
  }
  await send(producer, config, batch)
  process.stdout.write(`${sent + batch.length} events read from ${file}; serving goes on until you press Ctrl-C.\n`)
}

async function send (producer: LogProducer, config: Config, events: readonly InputEvent[]): Promise<void> {
  const topics = topicNames(config)
  await producer.send(events.map(({ topic, key, value, timestamp }) => ({
    topic: topics[topic], key: key === null ? null : Buffer.from(key), value, headers: [], timestamp
  })))
}

function topicNames (config: Config): Record<EventKind, string> {
  return { impression: config.TOPIC_IMPRESSION, watch: config.TOPIC_WATCH, event: config.TOPIC_EVENT }
}

/** One line a second, written over itself. */
function showProgress (report: () => { readonly processed_count: number, readonly dlq_count: number, readonly watch_feature_updates: number }, signal: AbortSignal): void {
  let before = report().processed_count
  const timer = setInterval(() => {
    const { processed_count: processed, dlq_count: deadLetters, watch_feature_updates: updates } = report()
    process.stdout.write(`\r\u001b[K  ${processed.toLocaleString('en')} events processed (${processed - before}/s), ${updates.toLocaleString('en')} watches counted, ${deadLetters.toLocaleString('en')} dead letters`)
    before = processed
  }, 1_000)
  signal.addEventListener('abort', () => clearInterval(timer))
}
