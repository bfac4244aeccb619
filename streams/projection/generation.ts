import type { Database } from '../state/postgres/database.ts'
import { readEngineSchema } from '../state/postgres/engine-schema.ts'

export interface GenerationWatch {
  /** Of the schema as it was last seen; undefined before there is one. */
  readonly current: () => string | undefined
  readonly stop: () => void
}

const EVERY_MS = 1_000

/**
 * Knows the schema's generation, at most a second late. While Postgres is away the last one known stands: a reset
 * needs Postgres too, and removes the fence before all else.
 */
export async function watchGeneration (database: Database, applicationId: string): Promise<GenerationWatch> {
  let generation: string | undefined
  const look = async (): Promise<void> => {
    generation = (await readEngineSchema(database, applicationId))?.generation
  }
  await look().catch(() => {})
  let looking = false
  const timer = setInterval(() => {
    if (looking) return
    looking = true
    look().catch(() => {}).finally(() => { looking = false })
  }, EVERY_MS)
  return { current: () => generation, stop: () => clearInterval(timer) }
}
