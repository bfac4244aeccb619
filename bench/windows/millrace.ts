import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { openPostgres, openPostgresSource, openStoreQueries } from '../../streams/runtime.ts'
import { runPeer } from '../lib/peer.ts'
import { outcomeOf } from '../lib/peer-outcome.ts'
import { followPositions } from '../lib/positions.ts'
import { startProcess } from '../lib/processes.ts'
import type { Fresh } from '../lib/race.ts'
import { freshResultFile } from '../lib/result-file.ts'
import type { Totals } from './model.ts'
import { findDifference, readResult, readTotals } from './result.ts'
import type { Ground, WindowsSubject } from './subject.ts'
import { windows } from './topology.ts'

/** As in the counting: see there. */
const UNIT_RECORDS = 10_000
const TIMEOUT_MS = 900_000

/** As a user runs it: `millrace run` on the services. */
export const millrace: WindowsSubject = {
  name: 'Millrace, state in Postgres',
  isPeer: false,
  async run (owner, ground) {
    const { services, applicationId, records, expected } = ground
    const startedAt = performance.now()
    const { child, pid, output, stop } = startProcess(owner, 'bin/millrace.js', environmentOf(ground), ['run', fileURLToPath(new URL('topology.ts', import.meta.url))])
    const stillRuns = (): string | undefined => child.exitCode === null && child.signalCode === null ? undefined : output()
    const pace = await followPositions({ services, applicationId, pids: [pid], records, stillRuns, timeoutMs: TIMEOUT_MS })
    const wallSeconds = (performance.now() - startedAt) / 1000
    await stop()
    return { ...pace, wallSeconds, projectionBehindMs: null, mistake: findDifference(await readTables(ground), expected) ?? null }
  }
}

/** Without a database: see lib/memory-worker.ts. */
export const millraceInMemory: WindowsSubject = {
  name: 'Millrace, state in memory',
  isPeer: false,
  async run (owner, { services, applicationId, topics, records, expected }) {
    const resultFile = await freshResultFile(owner)
    const run = await runPeer(owner, {
      name: this.name,
      command: process.execPath,
      words: [fileURLToPath(new URL('memory-worker.ts', import.meta.url))],
      environment: {
        KAFKA_BOOTSTRAP: services.kafka,
        APPLICATION_ID: applicationId,
        TOPIC_VIEWS: topics.views,
        TOPIC_SALES: topics.sales,
        RECORDS: String(records),
        UNIT_RECORDS: String(UNIT_RECORDS),
        RESULT_FILE: resultFile
      }
    }, { timeoutMs: TIMEOUT_MS })
    return outcomeOf(run, findDifference(readResult(await readFile(resultFile, 'utf8')), expected))
  }
}

function environmentOf ({ services, applicationId, topics }: Fresh & Ground): Record<string, string> {
  return {
    KAFKA_BOOTSTRAP: services.kafka,
    REDIS_URL: services.redis,
    DATABASE_URL: services.postgres,
    KAFKA_WORKER_GROUP_ID: applicationId,
    KAFKA_WORKER_AUTO_OFFSET_RESET: 'earliest',
    KAFKA_WORKER_MAX_POLL_RECORDS: String(UNIT_RECORDS),
    TOPIC_VIEWS: topics.views,
    TOPIC_SALES: topics.sales,
    WORKER_METRICS_HOST: '127.0.0.1',
    WORKER_METRICS_PORT: '0',
    LOG_LEVEL: 'warn'
  }
}

async function readTables ({ services, applicationId }: Fresh): Promise<Totals> {
  const database = openPostgres({ url: services.postgres, applicationName: 'bench', maxConnections: 1, readOnly: true })
  try {
    return await readTotals(openStoreQueries({ topology: windows, applicationId, source: openPostgresSource({ database, applicationId }) }))
  } finally {
    await database.close()
  }
}
