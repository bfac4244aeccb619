import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { readConfig } from '../../bin/config.ts'
import { ensureEngineSchema, migrate, openKafkaLog, openPostgres } from '../../streams/runtime.ts'
import { Features } from './features.ts'
import { openInbox } from './inbox.ts'
import { openMirror } from './mirror.ts'
import { openReading, type Batch } from './reading.ts'
import { openWriter } from './writer.ts'

/**
 * The recommender as one would write it by hand for speed alone: the same log, events, tables and indexes, in batches of
 * 2,000 records over two connections, so that one batch inserts its rows while the one before updates the features.
 *
 * It does without membership, fencing, retries, a bound on memory, state from before its start, and repair of Redis.
 * What a framework costs is measured against it.
 */
async function main (): Promise<void> {
  const config = readConfig(process.env)
  const applicationId = config.KAFKA_WORKER_GROUP_ID
  const database = openPostgres({ url: config.DATABASE_URL, applicationName: `millrace ${applicationId}`, maxConnections: 2, byIndex: true })
  await ensureEngineSchema(database, applicationId)
  await migrate(database, applicationId, fileURLToPath(new URL('../../migrations/recommender', import.meta.url)))

  const log = openKafkaLog({ brokers: config.KAFKA_BOOTSTRAP.split(','), clientId: 'millrace-floor' })
  const redis = new Redis(config.REDIS_URL)
  const inbox = await openInbox(log, [config.TOPIC_WATCH, config.TOPIC_IMPRESSION])
  const read = openReading(config)
  const producer = log.openProducer()
  const mirror = openMirror(redis, applicationId)
  const features = new Features(config.STREAM_FEATURE_HISTORY_SIZE)
  const writers = [openWriter(await database.session(), applicationId), openWriter(await database.session(), applicationId)] as const

  /** Ids whose fate is not settled: two open transactions on one key would wait for each other. */
  const inFlight = new Set<string>()
  const stopping = new AbortController()
  let previous: Promise<void> = Promise.resolve()
  let sent: Promise<void> = Promise.resolve()

  const insert = (batch: Batch, turn: number) => {
    const inserted = writers[turn % 2 === 0 ? 0 : 1].insert(batch)
    inserted.catch(fail)
    return inserted
  }
  const finish = async (batch: Batch, turn: number, inserted: Promise<ReadonlySet<string>>, before: Promise<void>): Promise<void> => {
    const fresh = await inserted
    await before
    const changes = features.learn(batch.watches.filter(({ event_id: id }) => fresh.has(id)))
    const written = await writers[turn % 2 === 0 ? 0 : 1].finish(changes, inbox.positionsAfter(batch.taken))
    for (const id of batch.ids) inFlight.delete(id)
    mirror.take(written, changes)
  }

  process.once('SIGTERM', () => {
    stopping.abort()
    inbox.wake()
  })
  for (let turn = 0, earlier: Promise<void> = Promise.resolve(); !stopping.signal.aborted; turn++) {
    const taken = await inbox.take(config.KAFKA_WORKER_MAX_POLL_RECORDS)
    if (taken.length === 0) continue
    const batch = read(taken, inFlight)
    // The connection is free when the batch before the last is committed.
    await earlier
    const inserted = insert(batch, turn)
    if (batch.deadLetters.length > 0) {
      await sent
      sent = producer.send(batch.deadLetters)
    }
    const before = Promise.all([previous, sent]).then(() => {})
    earlier = previous
    previous = finish(batch, turn, inserted, before)
    previous.catch(fail)
  }
  await previous
  await mirror.idle()
  process.exit(0)
}

function fail (error: unknown): never {
  process.stderr.write(`floor: ${error instanceof Error ? error.stack : String(error)}\n`)
  process.exit(1)
}

await Promise.race([main().catch(fail), once(process, 'exit')])
