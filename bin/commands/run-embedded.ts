import { createInterface } from 'node:readline/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { Registry } from 'prom-client'
import { messageOf, type Log, type Topic, type Topology } from '../../streams/index.ts'
import { createMemoryLog, openPglite, readLag, type Database, type WorkerObserver } from '../../streams/runtime.ts'
import { readEnvironment, type Environment } from '../config.ts'
import { openEmbeddedWorker } from '../open-embedded-worker.ts'
import { runProcess } from '../run-process.ts'
import { inputFound, inputsOf, printRecord, readRecord } from './embedded-records.ts'
import { applicationOf } from './run.ts'

/**
 * Runs any topology in this process alone: the log in memory, Postgres as WebAssembly. Records come from the standard input,
 * what is written to sinks goes to the standard output when it is committed. It ends with its input; nothing of it stays.
 */
export function runEmbedded (topology: Topology, env: Environment): void {
  const environment = { LOG_LEVEL: 'warn', ...env, KAFKA_WORKER_GROUP_ID: env['KAFKA_WORKER_GROUP_ID'] ?? topology.name, KAFKA_WORKER_AUTO_OFFSET_RESET: 'earliest' }
  runProcess(topology.name, environment, async (config, logger) => {
    const applicationId = config.KAFKA_WORKER_GROUP_ID
    const application = applicationOf(topology.configure(readEnvironment(topology.settings, env)), applicationId)
    const inputs = inputsOf(application.topology)
    const log = createMemoryLog()
    const database = await openPglite()
    // One partition each, as in the test driver: all records move the same stream time.
    await log.createTopics(inputs.map(({ name }) => ({ name, partitions: 1 })))
    const worker = await openEmbeddedWorker({ application, config, registry: new Registry(), logger, log, database, observer: printEmissions(application.topology) })
    const feeding = new AbortController()
    return {
      done: worker.done,
      finished: feed({
        log,
        inputs,
        find: name => inputFound(application.topology, applicationId, name),
        signal: feeding.signal,
        workedOff: async topics => await workedOff(applicationId, { log, database }, topics)
      }),
      async stop () {
        feeding.abort()
        await worker.stop()
        await log.close()
        await database.close()
      }
    }
  })
}

function printEmissions ({ nodes }: Topology): WorkerObserver {
  const outputs = new Map(nodes.flatMap(({ topic }) => topic === undefined ? [] : [[topic.name, topic]]))
  return {
    assigned () {},
    committed ({ emissions }) {
      for (const { record, isInternal } of emissions) if (isInternal !== true) process.stdout.write(printRecord(record, outputs))
    }
  }
}

interface Feed {
  readonly log: Log
  readonly inputs: readonly Topic[]
  /** Topics that patterns match: made when they are first named. */
  readonly find: (name: string) => Topic | undefined
  readonly signal: AbortSignal
  /** Waits until these are read, too. */
  readonly workedOff: (topics: ReadonlySet<string>) => Promise<void>
}

/**
 * Each line is worked off before the next one, as in the test driver: what comes out does not depend on who is faster. A line
 * that is no record is said, and the next one read.
 */
async function feed ({ log, inputs, find, signal, workedOff }: Feed): Promise<void> {
  const producer = log.openProducer()
  const found = new Set<string>()
  let number = 0
  for await (const line of createInterface({ input: process.stdin, signal })) {
    number++
    if (line.trim() === '') continue
    try {
      const record = readRecord(line, inputs, find)
      if (!found.has(record.topic) && !inputs.some(({ name }) => name === record.topic)) {
        await log.createTopics([{ name: record.topic, partitions: 1 }])
        found.add(record.topic)
      }
      await producer.send([record])
    } catch (error) {
      process.stderr.write(`millrace run: line ${number} is left out: ${messageOf(error)}.\n`)
    }
    await workedOff(found)
  }
  await producer.close()
}

const LOOK_EVERY_MS = 20

/** Resolves when the positions of all topics, the application's own too, are at their ends. */
async function workedOff (applicationId: string, connections: { readonly log: Log, readonly database: Database }, topics: ReadonlySet<string>): Promise<void> {
  while (true) {
    const { partitions, totals } = await readLag(applicationId, connections)
    const isReading = topics.isSubsetOf(new Set(partitions.map(({ topic }) => topic)))
    if (isReading && totals.lag === 0 && totals.withoutPosition === 0) return
    await sleep(LOOK_EVERY_MS)
  }
}
