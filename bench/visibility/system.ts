import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { NotLevelError, valueOf, type Topology } from '../../streams/index.ts'
import { openPostgres, openPostgresSource, openRedisReader, openStoreQueries, readEngineSchema, type StoreQueries } from '../../streams/runtime.ts'
import { environmentOf } from '../counting/millrace.ts'
import { countingProjected, summaries } from '../counting/projected.ts'
import type { CountingRun } from '../counting/subject.ts'
import { counting } from '../counting/topology.ts'
import type { Owner } from '../lib/owner.ts'
import { startProcess, type StartedProcess } from '../lib/processes.ts'

/** A worker that counts, and where its state is looked for. */
export interface Kind {
  readonly name: string
  readonly topology: Topology
  /** In the folder of the counting. */
  readonly file: string
  readonly openLook: (owner: Owner, run: CountingRun) => Promise<Look>
}

/** Whether there is a summary of the customer. */
export type Look = (customer: string) => Promise<boolean>

export const kinds: readonly Kind[] = [
  { name: 'state in Postgres, read there', topology: counting, file: 'topology.ts', openLook: lookInPostgres },
  { name: 'state in Redis + Postgres, read in Redis', topology: countingProjected, file: 'projected.ts', openLook: lookInRedis }
]

export function startCounting (owner: Owner, { file }: Kind, run: CountingRun): StartedProcess {
  return startProcess(owner, 'bin/millrace.js', environmentOf(run), ['run', file], fileURLToPath(new URL('../counting/', import.meta.url)))
}

async function lookInPostgres (owner: Owner, run: CountingRun): Promise<Look> {
  const store = openQueries(owner, counting, run).store('summaries')
  return async customer => await store.get(customer) !== undefined
}

/** In Redis alone, where a query would ask Postgres for what that has not. */
async function lookInRedis (owner: Owner, { services, applicationId }: CountingRun): Promise<Look> {
  const database = openPostgres({ url: services.postgres, applicationName: 'bench', maxConnections: 1, readOnly: true })
  owner.after(async () => await database.close())
  const redis = new Redis(services.redis)
  owner.after(() => redis.disconnect())
  const generation = (await readEngineSchema(database, applicationId))?.generation
  const reader = openRedisReader({ redis, applicationId, shards: 1, generation: () => generation })
  return async customer => {
    try {
      const [summary] = await reader.read([valueOf(summaries, { customer })])
      return summary !== undefined
    } catch (error) {
      if (error instanceof NotLevelError) return false
      throw error
    }
  }
}

/** Once a worker has made the schema. */
export function openQueries (owner: Owner, topology: Topology, { services, applicationId }: CountingRun): StoreQueries {
  const database = openPostgres({ url: services.postgres, applicationName: 'bench', maxConnections: 2, readOnly: true })
  owner.after(async () => await database.close())
  return openStoreQueries({ topology, applicationId, source: openPostgresSource({ database, applicationId }) })
}
