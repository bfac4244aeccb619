import { boundSource } from '../stores/bounded-source.ts'
import { openGuardedReader } from '../stores/guarded-reader.ts'
import type { StateReader, Topology } from '../streams/index.ts'
import { openPostgresSource, openStoreQueries, openTextQueries, readEngineSchema, type Database, type TextQueries } from '../streams/runtime.ts'

export interface StoresReaderOptions {
  readonly topology: Topology
  readonly applicationId: string
  readonly database: Database
  readonly projection: StateReader
}

/** As for the recommendations. */
const PROJECTION_TIMEOUT_MS = 250

/** Reads a topology's stores for many at once: from Redis where it is level and quick, else from Postgres as far as that can bear it. */
export function openStoresReader ({ topology, applicationId, database, projection }: StoresReaderOptions): TextQueries {
  return openTextQueries(openStoreQueries({
    topology,
    applicationId,
    source: boundSource(openPostgresSource({ database, applicationId })),
    projection: openGuardedReader({ reader: projection, timeoutMs: PROJECTION_TIMEOUT_MS })
  }))
}

/** Whether there is anything to be read: true, or why not. */
export async function isReadable (database: Database, applicationId: string): Promise<true | string> {
  return await readEngineSchema(database, applicationId) === undefined ? `Application id '${applicationId}' has no schema yet; start its worker.` : true
}
