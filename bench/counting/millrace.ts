import { fileURLToPath } from 'node:url'
import type { Topology } from '../../streams/index.ts'
import { openPostgres, openPostgresSource, openStoreQueries } from '../../streams/runtime.ts'
import { followPositions } from '../lib/positions.ts'
import { levelAfter } from '../lib/projection-level.ts'
import { startProcess } from '../lib/processes.ts'
import { freshResultFile } from '../lib/result-file.ts'
import { checkRun } from './check.ts'
import type { Summaries } from './orders.ts'
import { runOwn } from './peer-subject.ts'
import { readSummaries, readViews } from './read-summaries.ts'
import type { CountingRun, CountingSubject } from './subject.ts'
import { countingProjected } from './projected.ts'
import { counting } from './topology.ts'

const TIMEOUT_MS = 900_000

interface OnServices {
  readonly name: string
  readonly topology: Topology
  /** Its file in this folder. */
  readonly file: string
  /** Whether Redis follows. */
  readonly projects: boolean
}

export const millrace = onServices({ name: 'Millrace, state in Postgres', topology: counting, file: 'topology.ts', projects: false })
export const millraceProjected = onServices({ name: 'Millrace, state in Redis + Postgres', topology: countingProjected, file: 'projected.ts', projects: true })

/** As a user runs it: `millrace run` in the folder that has the migrations, on the services. */
function onServices ({ name, topology, file, projects }: OnServices): CountingSubject {
  return {
    name,
    isPeer: false,
    async run (owner, run) {
      const { services, applicationId, records } = run
      const startedAt = performance.now()
      const { child, pid, output, stop } = startProcess(owner, 'bin/millrace.js', environmentOf(run), ['run', file], fileURLToPath(new URL('.', import.meta.url)))
      const stillRuns = (): string | undefined => child.exitCode === null && child.signalCode === null ? undefined : output()
      const pace = await followPositions({ services, applicationId, pids: [pid], records, stillRuns, timeoutMs: TIMEOUT_MS })
      const wallSeconds = (performance.now() - startedAt) / 1000
      const projectionBehindMs = projects ? await levelAfter(services, applicationId) : null
      await stop()
      return { ...pace, wallSeconds, projectionBehindMs, mistake: await checkRun(run, await readTable(run, topology)) ?? null }
    }
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

/** Of `millrace run` on the services. */
export function environmentOf ({ services, applicationId, topic, deadLetterTopic }: Omit<CountingRun, 'records' | 'expected'>): Record<string, string> {
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

export async function readTable ({ services, applicationId }: CountingRun, topology: Topology): Promise<Summaries> {
  const database = openPostgres({ url: services.postgres, applicationName: 'bench', maxConnections: 1, readOnly: true })
  try {
    return await readViews(openStoreQueries({ topology, applicationId, source: openPostgresSource({ database, applicationId }) }))
  } finally {
    await database.close()
  }
}
