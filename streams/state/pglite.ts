import { PGlite } from '@electric-sql/pglite'
import { createPgConfig } from '@electric-sql/pglite/node-postgres'
import pg from 'pg'
import { databaseOn, type Database } from './postgres/database.ts'

export interface PgliteOptions {
  /** Where the database lies; left out: in memory, gone with the process. */
  readonly dataDir?: string
}

/**
 * A Postgres in this process, for the embedded default. It has one session: who asks while a unit is being written waits
 * until that is committed, so nobody may hold a session and wait for a query of the database.
 */
export async function openPglite ({ dataDir }: PgliteOptions = {}): Promise<Database> {
  const pglite = await PGlite.create(dataDir ?? 'memory://')
  const database = databaseOn(new pg.Pool({
    ...createPgConfig(pglite),
    max: 1,
    // Prepared statements live as long as PGlite does, so the one client does too.
    idleTimeoutMillis: 0,
    pipeline: true
  }))
  return {
    ...database,
    async close () {
      await database.close()
      await pglite.close()
    }
  }
}
