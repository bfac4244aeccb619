import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { FetchIsolationLevels, ListOffsetTimestamps, Producer, type ProducerOptions } from '@platformatic/kafka'
import { kafkaProgram } from '../../scripts/services/kafka.ts'
import { Cluster } from '../../streams/log/kafka/cluster.ts'
import { fetchApi, isolation, noSession } from '../../streams/log/kafka/fetch-api.ts'
import type { Round } from './fault-rounds.ts'
import type { FaultWorld } from './faults.ts'
import { runModel, type ModelRecord, type ModelSettings } from './model.ts'
import type { RandomRecord } from './random-log.ts'
import { assertSameRows, caughtUp, deadLettersOf, modelSettings, readTopic } from './recommender.ts'
import { withAdmin, type Services } from './services.ts'

export const POISON_PARTITIONS = 6

/** Where poison is written: in the middle of ordinary load, nobody else writes meanwhile. */
export interface PoisonWorld extends FaultWorld {
  readonly t: TestContext
  readonly services: Services
  /** Kills the worker; another begins when `write` is done. */
  readonly kill: () => void
  /** The offset that the next record, or marker, of the partition gets. */
  readonly next: (topic: string, partition: number) => Promise<number>
  /** Waits until everything that is in the log now is behind the positions. */
  readonly assertDone: () => Promise<void>
}

export interface PoisonOptions {
  /** In place of the round's. */
  readonly services?: Services
  readonly environment?: Readonly<Record<string, string>>
  readonly settings?: Partial<ModelSettings>
  readonly ownKafka?: boolean
}

/**
 * Runs the recommender under load, with poison in its middle, and compares everything. `write` puts the poison into the log
 * and answers with the records that a reader may see of it; what else it left there (markers, aborted records) is nobody's.
 */
export async function withPoison (
  { t, openWorld, ...round }: Round, { services = round.services, environment = {}, settings = {}, ownKafka = false }: PoisonOptions, write: (world: PoisonWorld) => Promise<readonly ModelRecord[]>
): Promise<void> {
  const world = await openWorld({ services, events: 2_000, feedMs: 400, ownKafka })
  const half = 800 + world.random.below(400)
  const [before, after] = [world.records.slice(0, half), world.records.slice(half)]
  let worker = world.start(environment)
  await world.feed(before)

  const poison = await write({
    ...world,
    t,
    services,
    kill: () => { worker.child.kill('SIGKILL') },
    next: async (topic, partition) => await endOf(services, topic, partition),
    assertDone: async () => await caughtUp(services, world.applicationId, world.topics, worker, 30_000)
  })
  if (worker.child.killed) worker = world.start(environment)
  const shifted = await behindPoison(services, before, after)
  await world.feed(shifted)

  const expected = runModel([...before, ...poison, ...shifted], { ...modelSettings(world.topics), ...settings })
  await world.assertAll(worker, expected)
  // Nothing died with work in hand, so nothing may have been sent twice.
  assertSameRows(deadLettersOf(await readTopic(services, world.topics.dlq)), expected.dead_letters, 'dead letters, once each')
  assert.equal(await worker.stop(), 0)
}

/** The rest of the load, with the offsets that it gets behind whatever is in the log now. */
async function behindPoison (services: Services, before: readonly RandomRecord[], after: readonly RandomRecord[]): Promise<RandomRecord[]> {
  const counts = Map.groupBy(before, ({ topic, partition }) => `${topic}/${partition}`)
  const shifts = new Map<string, number>()
  for (const { topic, partition } of after) {
    const place = `${topic}/${partition}`
    if (!shifts.has(place)) shifts.set(place, await endOf(services, topic, partition) - (counts.get(place)?.length ?? 0))
  }
  return after.map(record => ({ ...record, offset: record.offset + (shifts.get(`${record.topic}/${record.partition}`) ?? 0) }))
}

/** Open transactions included. */
async function endOf ({ kafka }: Services, topic: string, partition: number): Promise<number> {
  return await withAdmin(kafka, async admin => {
    const [found] = await admin.listOffsets({
      topics: [{ name: topic, partitions: [{ partitionIndex: partition, timestamp: ListOffsetTimestamps.LATEST }] }], isolationLevel: FetchIsolationLevels.READ_UNCOMMITTED
    })
    return Number(found?.partitions[0]?.offset ?? 0)
  })
}

/** How many records the batch still has that begins at or before this one's offset. */
export async function recordsInBatchAt (kafka: string, { topic, partition, offset }: ModelRecord): Promise<number> {
  const cluster = new Cluster({ brokers: kafka.split(','), clientId: 'millrace-poison' })
  const pool = cluster.openPool('batches')
  try {
    const view = await cluster.view([topic])
    const { id = '', leaders = [] } = view.topics.get(topic) ?? {}
    const broker = view.brokers.get(leaders[partition] ?? -1)
    if (broker === undefined) throw new Error(`Nobody leads ${topic}/${partition}.`)
    const api = fetchApi((await cluster.api('Fetch')).version)
    const answer = await api.async(await pool.get(broker), 100, 1, 1 << 20, isolation, noSession.id, noSession.epoch, [
      { topicId: id, partitions: [{ partition, currentLeaderEpoch: -1, fetchOffset: BigInt(offset), lastFetchedEpoch: -1, partitionMaxBytes: 1 << 20 }] }
    ], [], '')
    const countOffset = 57
    return answer.partitions[0]?.batches.readInt32BE(countOffset) ?? -1
  } finally {
    await pool.close()
    await cluster.close()
  }
}

/** The client's own producer, with what ours cannot do. */
export function otherProducer ({ t, services }: PoisonWorld, options: Partial<ProducerOptions<Buffer, Buffer, Buffer, Buffer>>): Producer {
  const producer = new Producer({ clientId: 'millrace-poison', bootstrapBrokers: services.kafka.split(','), retries: 5, retryDelay: 50, timeout: 20_000, ...options })
  t.after(() => producer.close())
  return producer
}

/** What the client calls a message. */
export function messageOf ({ topic, partition, key, value, timestamp }: ModelRecord) {
  return {
    topic, partition, timestamp: BigInt(timestamp), ...(key === null ? {} : { key: Buffer.from(key) }), ...(value === null ? {} : { value })
  }
}

/** Kafka's own console producer, written in Java: keys decide the partition, the clock the timestamp. */
export async function produceWithJava ({ services }: PoisonWorld, topic: string, compression: string, records: readonly ModelRecord[]): Promise<void> {
  const { program, args } = await kafkaProgram('org.apache.kafka.tools.ConsoleProducer', '/dev/null')
  const child = spawn(program, [
    ...args, '--bootstrap-server', services.kafka, '--topic', topic, '--compression-codec', compression,
    '--property', 'parse.key=true', '--property', 'key.separator=\t', '--producer-property', 'linger.ms=200', '--producer-property', 'batch.size=500000'
  ], { stdio: ['pipe', 'ignore', 'ignore'] })
  child.stdin.end(records.map(({ key, value }) => `${String(key)}\t${String(value)}\n`).join(''))
  const [code] = await once(child, 'exit')
  assert.equal(code, 0, 'the console producer failed')
}
