import type { Registry } from 'prom-client'
import type { Log, Logger } from '../streams/index.ts'
import type { Database } from '../streams/runtime.ts'
import type { Config } from './config.ts'
import { openWorker, type Application, type RunningProjection, type RunningWorker } from './open-worker.ts'

export interface EmbeddedWorkerOptions {
  readonly application: Application
  readonly config: Config
  readonly registry: Registry
  readonly logger: Logger
  readonly log: Log
  readonly database: Database
  /** Follows the commits in memory. */
  readonly observer: RunningProjection['observer']
}

/** A worker whose log and database are in this process, on the one session that such a database has. */
export async function openEmbeddedWorker ({ database, observer, ...options }: EmbeddedWorkerOptions): Promise<RunningWorker> {
  return await openWorker({
    ...options,
    workerId: 'embedded',
    units: database,
    service: database,
    watchdogDatabase: undefined,
    openProjection: () => ({ outbox: false, takeApplied: () => [], stop: async () => {}, observer })
  })
}
