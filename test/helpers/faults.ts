import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { createRandom, type Random } from '../../bin/sample-events.ts'
import { runModel, type ModelResult } from './model.ts'
import { assertProjection, projectionLevel, withRedisReader } from './projection.ts'
import { createRandomLog, type RandomRecord } from './random-log.ts'
import {
  assertSameRows, assertTables, caughtUp, deadLettersOf, modelSettings, produceOnce, readTables, readTopic, startWorker, workerEnvironment, type RecommenderTopics, type WorkerProcess
} from './recommender.ts'
import { freshApplicationId, freshTopics, type Services } from './services.ts'

/** How often a fault is repeated: twice where time matters, as often as told where faults are hunted. */
export const FAULT_ROUNDS = Number(process.env['FAULT_ROUNDS'] ?? 2)

/** The recommender on services of which something is about to break. */
export interface FaultWorld {
  readonly applicationId: string
  readonly topics: RecommenderTopics
  readonly records: readonly RandomRecord[]
  readonly expected: ModelResult
  readonly random: Random
  readonly start: (environment?: Readonly<Record<string, string>>) => WorkerProcess
  /** Produces the records, all or these, bit by bit, so that there is work whenever something breaks. The log may be away meanwhile. */
  readonly feed: (some?: readonly RandomRecord[]) => Promise<void>
  /** Resolves when some records, but by far not all, are behind the positions. */
  readonly underWay: (worker: WorkerProcess) => Promise<void>
  /** Waits for the end of the work, then compares every table, the projection, and each dead letter once: after a crash one may have been sent twice. */
  readonly assertAll: (worker: WorkerProcess, instead?: ModelResult) => Promise<void>
}

export interface FaultWorldOptions {
  readonly seed: number
  readonly events?: number
  readonly feedMs?: number
  /** The Kafka is the test's own, and ends with it: no topic of it needs to be deleted. */
  readonly ownKafka?: boolean
}

export async function openFaultWorld (t: TestContext, services: Services, { seed, events = 4_000, feedMs = 3_000, ownKafka = false }: FaultWorldOptions): Promise<FaultWorld> {
  t.diagnostic(`seed ${seed}`)
  const topics = await freshTopics(ownKafka ? { name: t.name, diagnostic: text => t.diagnostic(text), after () {} } : t, services, ['impression', 'watch', 'event', 'dlq'], 6)
  const applicationId = freshApplicationId(t, services)
  const settings = modelSettings(topics)
  const records = createRandomLog({ seed, events, partitions: 6, settings })
  const expected = runModel(records, settings)
  const environment = { ...workerEnvironment(services, applicationId, topics), KAFKA_SESSION_TIMEOUT_MS: '2000', KAFKA_WORKER_MAX_POLL_RECORDS: '100' }
  return {
    applicationId,
    topics,
    records,
    expected,
    random: createRandom(seed),
    start: more => startWorker(t, { ...environment, ...more }),
    async feed (some = records) {
      const slice = Math.ceil(some.length / 20)
      for (let from = 0; from < some.length; from += slice) {
        await produceOnce(services, some.slice(from, from + slice))
        await new Promise(resolve => setTimeout(resolve, feedMs / 20))
      }
    },
    async underWay (worker) {
      // Before the first unit the tables may not be there yet.
      while (((await readTables(services, applicationId).catch(() => undefined))?.watches.length ?? 0) === 0) {
        assert.equal(worker.child.exitCode, null, `the worker ended before it had done anything:\n${worker.output()}`)
        await new Promise(resolve => setTimeout(resolve, 50))
      }
    },
    async assertAll (worker, instead = expected) {
      await caughtUp(services, applicationId, topics, worker)
      assertTables(await readTables(services, applicationId), instead)
      const letters = deadLettersOf(await readTopic(services, topics.dlq))
      const once = new Map(letters.map(letter => [`${letter.source_topic}/${letter.source_partition}/${letter.source_offset}`, letter]))
      assertSameRows([...once.values()], instead.dead_letters, 'dead letters')
      await projectionLevel(services, applicationId)
      await withRedisReader(services, applicationId, async reader => await assertProjection(reader, instead))
    }
  }
}
