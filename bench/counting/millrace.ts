import { fileURLToPath } from 'node:url'
import { openPostgres, openPostgresSource, openStoreQueries } from '../../streams/runtime.ts'
import { followPositions } from '../lib/positions.ts'
import { startProcess } from '../lib/processes.ts'
import { freshResultFile } from '../lib/result-file.ts'
import { checkRun } from './check.ts'
import type { Summaries } from './orders.ts'
import { runOwn } from './peer-subject.ts'
import { readSummaries, readViews } from './read-summaries.ts'
import type { CountingRun, CountingSubject } from './subject.ts'
import { counting } from './topology.ts'

const TIMEOUT_MS = 900_000

/** As a user runs it: `millrace run` on the services. */
export const millrace: CountingSubject = {
  name: 'Millrace, state in Postgres',
  isPeer: false,
  async run (owner, run) {
    const { services, applicationId, records } = run
    const startedAt = performance.now()
    const { child, pid, output, stop } = startProcess(owner, 'bin/millrace.js', environmentOf(run), ['run', fileURLToPath(new URL('topology.ts', import.meta.url))])
    const stillRuns = (): string | undefined => child.exitCode === null && child.signalCode === null ? undefined : output()
    const pace = await followPositions({ services, applicationId, pids: [pid], records, stillRuns, timeoutMs: TIMEOUT_MS })
    const wallSeconds = (performance.now() - startedAt) / 1000
    await stop()
    return { ...pace, wallSeconds, projectionBehindMs: null, mistake: await checkRun(run, await readTable(run)) ?? null }
  }
}

/** Without a database: see memory-worker.ts. */
export const millraceInMemory: CountingSubject = {
  name: 'Millrace, state in memory',
  isPeer: false,
  async run (owner, run) {
    const { services, applicationId, topic, deadLetterTopic, records } = run
    const resultFile = await freshResultFile(owner)
    const outcome = await runOwn(owner, run, {
      name: this.name,
      command: process.execPath,
      words: [fileURLToPath(new URL('memory-worker.ts', import.meta.url))],
      environment: {
        KAFKA_BOOTSTRAP: services.kafka,
        APPLICATION_ID: applicationId,
        TOPIC_ORDERS: topic,
        TOPIC_DEAD_LETTERS: deadLetterTopic,
        RECORDS: String(records),
        UNIT_RECORDS: String(UNIT_RECORDS),
        RESULT_FILE: resultFile
      }
    }, async () => await readSummaries(this.name, resultFile))
    return { ...outcome, postgresCpuMicros: null }
  }
}

function environmentOf ({ services, applicationId, topic, deadLetterTopic }: CountingRun): Record<string, string> {
  return {
    KAFKA_BOOTSTRAP: services.kafka,
    REDIS_URL: services.redis,
    DATABASE_URL: services.postgres,
    KAFKA_WORKER_GROUP_ID: applicationId,
    KAFKA_WORKER_AUTO_OFFSET_RESET: 'earliest',
    KAFKA_WORKER_MAX_POLL_RECORDS: String(UNIT_RECORDS),
    TOPIC_ORDERS: topic,
    TOPIC_DEAD_LETTERS: deadLetterTopic,
    WORKER_METRICS_HOST: '127.0.0.1',
    WORKER_METRICS_PORT: '0',
    LOG_LEVEL: 'warn'
  }
}

/** At 100,000 records a second still ten commits a second, where the others commit once; the more records, the fewer writes of each key. */
const UNIT_RECORDS = 10_000

async function readTable ({ services, applicationId }: CountingRun): Promise<Summaries> {
  const database = openPostgres({ url: services.postgres, applicationName: 'bench', maxConnections: 1, readOnly: true })
  try {
    return await readViews(openStoreQueries({ topology: counting, applicationId, source: openPostgresSource({ database, applicationId }) }))
  } finally {
    await database.close()
  }
}
