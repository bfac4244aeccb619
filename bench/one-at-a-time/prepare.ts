import { fileURLToPath } from 'node:url'
import { readConfig, type Config } from '../../bin/config.ts'
import { ensureEngineSchema, migrate, openPostgres } from '../../streams/runtime.ts'
import { openProgress, type Progress } from '../lib/progress.ts'
import { openHandler, type Handle } from './handler.ts'

export interface Prepared {
  readonly config: Config
  readonly brokers: readonly string[]
  readonly topics: readonly string[]
  readonly records: number
  readonly handle: Handle
  readonly progress: Progress
}

/** What both loops begin with: the tables of the recommender, and who works off a record. */
export async function prepare (env: NodeJS.ProcessEnv): Promise<Prepared> {
  const config = readConfig(env)
  const applicationId = config.KAFKA_WORKER_GROUP_ID
  const database = openPostgres({ url: config.DATABASE_URL, applicationName: 'bench', maxConnections: 1 })
  await ensureEngineSchema(database, applicationId)
  await migrate(database, applicationId, fileURLToPath(new URL('../../migrations/recommender', import.meta.url)))
  await database.close()
  return {
    config,
    brokers: config.KAFKA_BOOTSTRAP.split(','),
    topics: [config.TOPIC_WATCH, config.TOPIC_IMPRESSION],
    records: Number(env['RECORDS']),
    handle: await openHandler(config),
    progress: openProgress()
  }
}

export function fail (error: unknown): never {
  process.stderr.write(`one at a time: ${error instanceof Error ? error.stack : String(error)}\n`)
  process.exit(1)
}
