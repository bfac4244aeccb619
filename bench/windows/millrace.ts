import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { readStores, runEnvironment, UNIT_RECORDS, workOff } from '../lib/millrace-run.ts'
import { runPeer } from '../lib/peer.ts'
import { outcomeOf } from '../lib/peer-outcome.ts'
import { startProcess } from '../lib/processes.ts'
import type { Fresh } from '../lib/race.ts'
import { freshResultFile } from '../lib/result-file.ts'
import { findDifference, readResult, readTotals } from './result.ts'
import type { Ground, WindowsSubject } from './subject.ts'
import { windows } from './topology.ts'

const TIMEOUT_MS = 900_000

/** As a user runs it: `millrace run` on the services. */
export const millrace: WindowsSubject = {
  name: 'Millrace, state in Postgres',
  isPeer: false,
  async run (owner, ground) {
    const pace = await workOff({
      ...ground,
      projects: false,
      timeoutMs: TIMEOUT_MS,
      start: () => [startProcess(owner, 'bin/millrace.js', environmentOf(ground), ['run', fileURLToPath(new URL('topology.ts', import.meta.url))])]
    })
    return { ...pace, mistake: findDifference(await readStores(ground, windows, readTotals), ground.expected) ?? null }
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

function environmentOf (ground: Fresh & Ground): Record<string, string> {
  const { views, sales } = ground.topics
  return { ...runEnvironment(ground), KAFKA_WORKER_MAX_POLL_RECORDS: String(UNIT_RECORDS), TOPIC_VIEWS: views, TOPIC_SALES: sales }
}
