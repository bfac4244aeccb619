import type { TestContext } from 'node:test'
import type { Topic } from '../../streams/index.ts'
import { createMemoryLog } from '../../streams/log/memory.ts'
import type { StateReader } from '../../streams/projection/state-reader.ts'
import { openPostgresSource } from '../../streams/queries/postgres-source.ts'
import { openStoreQueries, type StoreQueries } from '../../streams/queries/store-queries.ts'
import type { StoreSource } from '../../streams/queries/store-source.ts'
import { namedSubTopologies } from '../../streams/graph/topic-names.ts'
import type { Database } from '../../streams/state/postgres/database.ts'
import { ensureEngineSchema } from '../../streams/state/postgres/engine-schema.ts'
import { openPostgresState } from '../../streams/state/postgres/postgres-state.ts'
import type { State } from '../../streams/state/state.ts'
import { Worker } from '../../streams/worker/worker.ts'
import { memoryWorkerOptions } from './memory-worker.ts'
import { QUERIED_TABLES, queriedTopology, type QueriedTopology } from './queried.ts'
import { until } from './until.ts'

export interface QueriedWorld extends QueriedTopology {
  readonly queries: StoreQueries
  /** Resolves when the record is appended. */
  readonly append: <K, V>(topic: Topic<K, V>, key: K, value: V | null, options: { readonly timestamp: number, readonly partition?: number }) => Promise<void>
  /** Resolves when all that was appended is committed. */
  readonly settled: () => Promise<void>
}

export interface QueriedWorldOptions {
  readonly state: State
  readonly source: StoreSource
  readonly applicationId: string
  readonly projection?: StateReader
}

/** The topology with stores of every shape on a log in memory and a state of the caller's. */
export async function openQueriedWorld (t: TestContext, { state, source, applicationId, projection }: QueriedWorldOptions): Promise<QueriedWorld> {
  const queried = queriedTopology()
  const { topology } = queried
  const log = createMemoryLog()
  await log.createTopics(['words', 'prices'].map(name => ({ name, partitions: 3 })))
  const worker = new Worker(memoryWorkerOptions({ topology, applicationId, log, state }))
  t.after(async () => {
    await worker.stop()
    await log.close()
  })
  await worker.start()
  const producer = log.openProducer()
  const isLevel = async (): Promise<boolean> => {
    for (const { name, topics } of namedSubTopologies(topology, applicationId)) {
      const ends = await log.offsets([...await log.partitionCounts(topics)].flatMap(([topic, count]) => Array.from({ length: count }, (_, partition) => ({ topic, partition }))), 'latest')
      for (const { topic, partition, offset } of ends) if ((await source.position(name, topic, partition) ?? -1) < offset) return false
    }
    return true
  }
  return {
    ...queried,
    queries: openStoreQueries({ topology, applicationId, source, projection }),
    async append (topic, key, value, options) {
      await producer.send([{ topic: topic.name, key: topic.key.encode(key), value: value === null ? null : topic.value.encode(value), headers: [], ...options }])
    },
    settled: async () => await until('everything is committed', isLevel)
  }
}

/** The same with its state in a Postgres, under an application id that has nothing there yet. */
export async function openQueriedWorldOn (t: TestContext, database: Database, applicationId: string): Promise<QueriedWorld> {
  const schema = await ensureEngineSchema(database, applicationId)
  for (const table of QUERIED_TABLES) await database.query({ text: `create table "${applicationId}".${table}` })
  return await openQueriedWorld(t, {
    applicationId, source: openPostgresSource({ database, applicationId }), state: openPostgresState({ database, schema, owner: 'test', projected: false })
  })
}
