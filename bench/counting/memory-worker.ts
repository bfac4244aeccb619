import { writeFile } from 'node:fs/promises'
import { silentLogger } from '../../streams/index.ts'
import { openKafkaLog, openMemorySource, openMemoryState, openStoreQueries, Pauses, Worker } from '../../streams/runtime.ts'
import { openProgress } from '../lib/progress.ts'
import { readViews } from './read-summaries.ts'
import { counting } from './topology.ts'

/** The topology on Kafka, with its state in this process: what the engine costs without a database. */
async function main ({ KAFKA_BOOTSTRAP = '', APPLICATION_ID = '', RESULT_FILE = '', UNIT_RECORDS, RECORDS, ...env }: NodeJS.ProcessEnv): Promise<void> {
  const topology = counting.configure({ TOPIC_ORDERS: env['TOPIC_ORDERS'] ?? '', TOPIC_DEAD_LETTERS: env['TOPIC_DEAD_LETTERS'] ?? '' })
  const log = openKafkaLog({ brokers: KAFKA_BOOTSTRAP.split(','), clientId: 'millrace-bench' })
  const state = openMemoryState()
  const progress = openProgress()
  const records = Number(RECORDS)
  let done = 0
  const worker = new Worker({
    topology,
    applicationId: APPLICATION_ID,
    log,
    state,
    logger: silentLogger,
    offsetReset: 'earliest',
    outOfRange: 'stop',
    sessionTimeoutMs: 10_000,
    stuckAfterMs: 60_000,
    maxUnitRecords: Number(UNIT_RECORDS),
    // As `millrace run` has it.
    unitIntervalMs: 50,
    maxRecordBytes: 900_000,
    pollTimeoutMs: 250,
    now: Date.now,
    observers: [{
      assigned () {},
      committed ({ items }) {
        done += items.length
        if (done < records) progress.at(done)
        else void finish().catch(fail)
      }
    }],
    pauses: new Pauses(),
    takeApplied: () => []
  })
  const finish = async (): Promise<void> => {
    progress.committed(done)
    const summaries = await readViews(openStoreQueries({ topology, applicationId: APPLICATION_ID, source: openMemorySource(state) }))
    await writeFile(RESULT_FILE, [...summaries].map(([key, summary]) => JSON.stringify({ key, ...summary })).join('\n'))
    progress.result()
  }
  worker.done.catch(fail)
  await worker.start()
}

function fail (error: unknown): never {
  process.stderr.write(`memory-worker: ${error instanceof Error ? error.stack : String(error)}\n`)
  process.exit(1)
}

process.once('SIGTERM', () => process.exit(0))
await main(process.env).catch(fail)
