import { fileURLToPath } from 'node:url'
import type { Topology } from '../../streams/index.ts'
import { readStores, runEnvironment, UNIT_RECORDS, workOff } from '../lib/millrace-run.ts'
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
      const pace = await workOff({
        ...run,
        projects,
        timeoutMs: TIMEOUT_MS,
        start: () => [startProcess(owner, 'bin/millrace.js', environmentOf(run), ['run', file], fileURLToPath(new URL('.', import.meta.url)))]
      })
      return { ...pace, mistake: await checkRun(run, await readTable(run, topology)) ?? null }
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
export function environmentOf (run: Omit<CountingRun, 'records' | 'expected'>): Record<string, string> {
  return { ...runEnvironment(run), KAFKA_WORKER_MAX_POLL_RECORDS: String(UNIT_RECORDS), TOPIC_ORDERS: run.topic, TOPIC_DEAD_LETTERS: run.deadLetterTopic }
}

export async function readTable (run: CountingRun, topology: Topology): Promise<Summaries> {
  return await readStores(run, topology, readViews)
}
