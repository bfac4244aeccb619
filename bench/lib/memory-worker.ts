import { writeFile } from 'node:fs/promises'
import { silentLogger, type Topology } from '../../streams/index.ts'
import { openKafkaLog, openMemorySource, openMemoryState, openStoreQueries, Pauses, Worker, type StoreQueries } from '../../streams/runtime.ts'
import { openProgress } from './progress.ts'

interface MemoryWork {
  /** With the topics that the environment names. */
  readonly topologyOf: (env: NodeJS.ProcessEnv) => Topology
  /** What goes to the result file. */
  readonly resultOf: (queries: StoreQueries) => Promise<string>
}

/** The topology on Kafka, with its state in this process: what the engine costs without a database. It speaks as a peer does, see `peer.ts`. */
export async function runInMemory (work: MemoryWork): Promise<void> {
  process.once('SIGTERM', () => process.exit(0))
  await start(work, process.env).catch(fail)
}

async function start ({ topologyOf, resultOf }: MemoryWork, env: NodeJS.ProcessEnv): Promise<void> {
  const { KAFKA_BOOTSTRAP = '', APPLICATION_ID: applicationId = '', RESULT_FILE = '', UNIT_RECORDS, RECORDS } = env
  const topology = topologyOf(env)
  const state = openMemoryState()
  const progress = openProgress()
  const records = Number(RECORDS)
  let done = 0
  const worker = new Worker({
    topology,
    applicationId,
    log: openKafkaLog({ brokers: KAFKA_BOOTSTRAP.split(','), clientId: 'millrace-bench' }),
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
    await writeFile(RESULT_FILE, await resultOf(openStoreQueries({ topology, applicationId, source: openMemorySource(state) })))
    progress.result()
  }
  worker.done.catch(fail)
  await worker.start()
}

function fail (error: unknown): never {
  process.stderr.write(`memory-worker: ${error instanceof Error ? error.stack : String(error)}\n`)
  process.exit(1)
}
