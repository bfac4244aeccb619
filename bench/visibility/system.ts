import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import type { Topology } from '../../streams/index.ts'
import { openPostgres, openPostgresSource, openRedisReader, openStoreQueries, readEngineSchema, type StoreQueries } from '../../streams/runtime.ts'
import { environmentOf } from '../counting/millrace.ts'
import { countingProjected } from '../counting/projected.ts'
import type { CountingRun } from '../counting/subject.ts'
import { counting } from '../counting/topology.ts'
import type { Owner } from '../lib/owner.ts'
import { startProcess, type StartedProcess } from '../lib/processes.ts'

/** A worker that counts, and how its state is read. */
export interface Kind {
  readonly name: string
  readonly topology: Topology
  /** In the folder of the counting. */
  readonly file: string
  /** Whether Redis is asked, and Postgres only for what that cannot vouch for. */
  readonly fromRedis: boolean
  readonly keyOf: (customer: string) => unknown
}

export const kinds: readonly Kind[] = [
  { name: 'state in Postgres, read there', topology: counting, file: 'topology.ts', fromRedis: false, keyOf: customer => customer },
  { name: 'state in Redis + Postgres, Redis asked first', topology: countingProjected, file: 'projected.ts', fromRedis: true, keyOf: customer => ({ customer }) }
]

export function startCounting (owner: Owner, { file }: Kind, run: CountingRun): StartedProcess {
  return startProcess(owner, 'bin/millrace.js', environmentOf(run), ['run', file], fileURLToPath(new URL('../counting/', import.meta.url)))
}

/** Once a worker has made the schema. */
export async function openQueries (owner: Owner, { topology, fromRedis }: Kind, { services, applicationId }: CountingRun): Promise<StoreQueries> {
  const database = openPostgres({ url: services.postgres, applicationName: 'bench', maxConnections: 2, readOnly: true })
  owner.after(async () => await database.close())
  const source = openPostgresSource({ database, applicationId })
  if (!fromRedis) return openStoreQueries({ topology, applicationId, source })
  const redis = new Redis(services.redis)
  owner.after(() => redis.disconnect())
  const generation = (await readEngineSchema(database, applicationId))?.generation
  return openStoreQueries({ topology, applicationId, source, projection: openRedisReader({ redis, applicationId, shards: 1, generation: () => generation }) })
}
