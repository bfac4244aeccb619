import { createServer } from 'node:net'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { runModel, type ModelRecord, type ModelSettings } from '../../test/helpers/model.ts'
import { modelSettings, readTopic, workerEnvironment, type RecommenderTopics } from '../../test/helpers/recommender.ts'
import { freshApplicationId, freshTopics, type Services } from '../../test/helpers/services.ts'
import type { LogRecord, OutgoingRecord } from '../../streams/index.ts'
import { openKafkaLog } from '../../streams/runtime.ts'
import type { Context } from './benchmark.ts'
import { findMistake } from './check.ts'
import type { Owner } from './owner.ts'
import { followPositions } from './positions.ts'
import { startProcess, type StartedProcess } from './processes.ts'

/** A worker and an API over topics of their own. */
export interface System {
  readonly services: Services
  readonly applicationId: string
  readonly topics: RecommenderTopics
  readonly settings: ModelSettings
  readonly worker: StartedProcess
  readonly api: StartedProcess
  readonly origin: string
}

export async function startSystem (owner: Owner, { services }: Context, profile: Readonly<Record<string, string>>): Promise<System> {
  const topics = await freshTopics(owner, services, ['impression', 'watch', 'event', 'dlq'], 6)
  const applicationId = freshApplicationId(owner, services)
  const env = { ...workerEnvironment(services, applicationId, topics), PORT: String(await freePort()), HOST: '127.0.0.1' }
  const worker = startProcess(owner, 'bin/worker.ts', { ...env, ...profile })
  const origin = `http://127.0.0.1:${env.PORT}`
  const api = startProcess(owner, 'bin/api.ts', { ...env, ...profile })
  await answers(`${origin}/health/ready`, [worker, api])
  return { services, applicationId, topics, settings: modelSettings(topics), worker, api, origin }
}

/** Waits until the first 200. */
export async function answers (url: string, processes: readonly StartedProcess[]): Promise<void> {
  for (const deadline = Date.now() + 30_000; ;) {
    if (await fetch(url).then(async response => { await response.arrayBuffer(); return response.ok }, () => false)) return
    const ended = processes.find(({ child }) => child.exitCode !== null)
    if (ended !== undefined || Date.now() > deadline) throw new Error(`${url} does not answer:\n${processes.map(({ output }) => output()).join('\n')}`)
    await sleep(50)
  }
}

/** Waits until so many records of all topics are behind the positions. */
export async function processed ({ services, applicationId, worker }: System, records: number): Promise<void> {
  const stillRuns = (): string | undefined => worker.child.exitCode === null ? undefined : worker.output()
  await followPositions({ services, applicationId, pids: [worker.pid], records, stillRuns })
}

/** Compares what was made with what the model makes of everything that is in the topics now. */
export async function findMistakeInLive ({ services, applicationId, topics, settings }: System, records: number): Promise<string | undefined> {
  const read = (await Promise.all([topics.watch, topics.impression, topics.event].map(async topic => await readTopic(services, topic)))).flat()
  if (read.length !== records) return `${records} records were produced and ${read.length} are in the topics`
  return await findMistake({ services, applicationId, deadLetterTopic: topics.dlq, expected: runModel(read.map(asModelRecord), settings) })
}

export function asModelRecord ({ topic, partition, offset, timestamp, key, value }: LogRecord): ModelRecord {
  return { topic, partition, offset, timestamp, key: key?.toString('utf8') ?? null, value }
}

export function toOutgoing ({ topic, partition, key, value, timestamp }: ModelRecord): OutgoingRecord {
  return { topic, partition, key: key === null ? null : Buffer.from(key), value, headers: [], timestamp }
}

const SEND_EVERY_MS = 20

export interface Traffic {
  /** How many records are acknowledged by now. */
  readonly sent: () => number
  /** Ends it, and tells how many records were acknowledged. */
  readonly stop: () => Promise<number>
}

/** Produces at a fixed rate, whatever becomes of it: who falls behind sends more at once. */
export function startTraffic (services: Services, events: Iterator<ModelRecord>, perSecond: number): Traffic {
  const log = openKafkaLog({ brokers: [services.kafka], clientId: 'millrace-bench' })
  const producer = log.openProducer()
  const stopping = new AbortController()
  let sent = 0
  const run = async (): Promise<number> => {
    const started = performance.now()
    while (!stopping.signal.aborted) {
      const due = Math.floor((performance.now() - started) / 1000 * perSecond)
      const records: OutgoingRecord[] = []
      while (sent + records.length < due) {
        const { value, done } = events.next()
        if (done === true) break
        records.push(toOutgoing(value))
      }
      if (records.length > 0) await producer.send(records)
      sent += records.length
      await sleep(SEND_EVERY_MS)
    }
    await log.close()
    return sent
  }
  const running = run()
  // Whoever stops it hears of it.
  running.catch(() => {})
  return {
    sent: () => sent,
    async stop () {
      stopping.abort()
      return await running
    }
  }
}

export async function freePort (): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('No free port was given.')
  return address.port
}
