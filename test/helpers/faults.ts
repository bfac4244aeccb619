import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createRandom, type Random } from '../../bin/sample-events.ts'
import type { Milestone } from '../../streams/task/committer.ts'
import { runModel, type ModelResult } from './model.ts'
import { assertProjection, projectionLevel, withRedisReader } from './projection.ts'
import { createRandomLog, type RandomRecord } from './random-log.ts'
import {
  assertSameRows, assertTables, caughtUp, deadLettersOf, modelSettings, produceOnce, readTables, readTopic, startWorker, workerEnvironment, type RecommenderTopics, type WorkerProcess
} from './recommender.ts'
import { freshApplicationId, freshTopics, type Services } from './services.ts'

export interface FaultWorldOptions {
  /** How many records, and in what time they are produced; 0: at once. */
  readonly events?: number
  readonly feedMs?: number
  readonly mixedUsers?: boolean
  /** The Kafka is the test's own, and ends with it: no topic of it needs to be deleted. */
  readonly ownKafka?: boolean
  readonly environment?: Readonly<Record<string, string>>
}

/** The recommender on services of which something is about to break. */
export interface FaultWorld {
  readonly services: Services
  readonly applicationId: string
  readonly topics: RecommenderTopics
  readonly records: readonly RandomRecord[]
  readonly expected: ModelResult
  readonly random: Random
  readonly environment: Readonly<Record<string, string>>
  readonly start: (environment?: Readonly<Record<string, string>>) => WorkerProcess
  /** A worker that ends itself, or stands still, at a step of a unit. */
  readonly startDying: (death: Death) => WorkerProcess
  /** Produces the records, all or these, bit by bit, so that there is work whenever something breaks. The log may be away meanwhile. */
  readonly feed: (some?: readonly RandomRecord[]) => Promise<void>
  /** The same for as long as a fault lasts. */
  readonly load: () => Load
  /** Resolves when some records, but by far not all, are behind the positions. */
  readonly underWay: (worker: WorkerProcess) => Promise<void>
  /** Waits for the end of the work, then compares every table, the projection, and each dead letter once: after a crash one may have been sent twice. */
  readonly assertAll: (worker: WorkerProcess, instead?: ModelResult) => Promise<void>
  /** The same; then all of these workers stop in order. */
  readonly finish: (...workers: readonly [WorkerProcess, ...WorkerProcess[]]) => Promise<void>
}

export interface Load {
  /** What is left goes at once; resolves when all is in the log. */
  readonly end: () => Promise<void>
}

export interface Death {
  readonly at: Milestone
  /** How often it gets there. */
  readonly after: number
  readonly by: 'SIGKILL' | 'SIGSTOP'
}

/** Sessions end soon, so that a round is over soon; units are small, so that there are many. */
const ENVIRONMENT = { KAFKA_SESSION_TIMEOUT_MS: '2000', KAFKA_WORKER_MAX_POLL_RECORDS: '100', LOG_LEVEL: 'info' }

export interface OpenFaultWorld extends FaultWorldOptions {
  readonly seed: number
  readonly measured: (what: string, value: number) => void
}

export async function openFaultWorld (t: TestContext, services: Services, options: OpenFaultWorld): Promise<FaultWorld> {
  const { seed, measured, events = 4_000, feedMs = 5_000, mixedUsers = false, ownKafka = false, environment: more = {} } = options
  const topics = await freshTopics(ownKafka ? { name: t.name, diagnostic: text => t.diagnostic(text), after () {} } : t, services, ['impression', 'watch', 'event', 'dlq'], 6)
  const applicationId = freshApplicationId(t, services)
  const settings = modelSettings(topics)
  const records = createRandomLog({ seed, events, partitions: 6, settings, mixedUsers })
  const expected = runModel(records, settings)
  const environment = { ...workerEnvironment(services, applicationId, topics), ...ENVIRONMENT, ...more }
  const world: FaultWorld = {
    services,
    applicationId,
    topics,
    records,
    expected,
    random: createRandom(seed),
    environment,
    start: own => startWorker(t, { ...environment, ...own }),
    startDying: ({ at, after, by }) => startWorker(t, { ...environment, DIE_AT: at, DIE_AFTER: String(after), DIE_BY: by }, [DYING_WORKER]),
    feed: async (some = records) => await produceSlowly(services, some, feedMs),
    load () {
      const over = new AbortController()
      const fed = produceSlowly(services, records, feedMs, over.signal)
      return {
        async end () {
          over.abort()
          await fed
        }
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
      await caughtUp(services, applicationId, topics, worker, 120_000 + events)
      assertTables(await readTables(services, applicationId), instead)
      const letters = deadLettersOf(await readTopic(services, topics.dlq))
      const once = new Map(letters.map(letter => [`${letter.source_topic}/${letter.source_partition}/${letter.source_offset}`, letter]))
      measured('dead letters sent again', letters.length - once.size)
      assertSameRows([...once.values()], instead.dead_letters, 'dead letters')
      await projectionLevel(services, applicationId)
      await withRedisReader(services, applicationId, async reader => await assertProjection(reader, instead))
    },
    async finish (...workers) {
      await world.assertAll(workers[0])
      for (const worker of workers) {
        await worker.address()
        assert.equal(await worker.stop(), 0, worker.output())
      }
    }
  }
  return world
}

const FEED_EVERY_MS = 150

/** In so much time; from the signal on all at once. */
async function produceSlowly (services: Services, records: readonly RandomRecord[], feedMs: number, hurry?: AbortSignal): Promise<void> {
  const slice = Math.ceil(records.length * FEED_EVERY_MS / Math.max(FEED_EVERY_MS, feedMs))
  for (let from = 0; from < records.length; from += slice) {
    if (hurry?.aborted === true) return await produceOnce(services, records.slice(from))
    await produceOnce(services, records.slice(from, from + slice))
    await sleep(FEED_EVERY_MS, undefined, { signal: hurry }).catch(() => {})
  }
}

const DYING_WORKER = fileURLToPath(new URL('dying-worker.ts', import.meta.url))
