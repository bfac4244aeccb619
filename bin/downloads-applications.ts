import { downloadsDownload } from '../topology/downloads-download.ts'
import { downloadsEvents } from '../topology/downloads-events.ts'
import { downloadsResults } from '../topology/downloads-results.ts'
import { downloadsUpload } from '../topology/downloads-upload.ts'
import type { Topology } from '../streams/index.ts'
import { applicationOf } from './commands/run.ts'
import type { Config } from './config.ts'
import type { Application } from './open-worker.ts'

interface DownloadsWorker {
  readonly topology: Topology
  readonly id: 'DOWNLOADS_EVENTS_APPLICATION_ID' | 'DOWNLOADS_DOWNLOAD_APPLICATION_ID' | 'DOWNLOADS_UPLOAD_APPLICATION_ID' | 'DOWNLOADS_RESULTS_APPLICATION_ID'
}

/** The workers of the downloads pipeline, in the order in which files come by: each an application of its own. */
const workers = {
  events: { topology: downloadsEvents, id: 'DOWNLOADS_EVENTS_APPLICATION_ID' },
  download: { topology: downloadsDownload, id: 'DOWNLOADS_DOWNLOAD_APPLICATION_ID' },
  upload: { topology: downloadsUpload, id: 'DOWNLOADS_UPLOAD_APPLICATION_ID' },
  results: { topology: downloadsResults, id: 'DOWNLOADS_RESULTS_APPLICATION_ID' }
} as const satisfies Readonly<Record<string, DownloadsWorker>>

export type DownloadsWorkerName = keyof typeof workers

export const downloadsWorkerNames: readonly DownloadsWorkerName[] = Object.keys(workers).filter(isDownloadsWorkerName)

export function isDownloadsWorkerName (name: string): name is DownloadsWorkerName {
  return Object.hasOwn(workers, name)
}

/** One of them, with the settings of the environment, and the configuration to run it with. */
export function downloadsApplication (name: DownloadsWorkerName, config: Config): { readonly application: Application, readonly config: Config } {
  const { topology, id } = workers[name]
  return { application: applicationOf(topology.configure(config), config[id]), config: { ...config, KAFKA_WORKER_GROUP_ID: config[id] } }
}
