import { silentLogger } from '../../streams/index.ts'
import { Pauses } from '../../streams/pauses.ts'
import type { WorkerOptions } from '../../streams/worker/worker.ts'

/** What a worker on a log in memory is told, unless a test is about it. */
export function memoryWorkerOptions (options: Pick<WorkerOptions, 'topology' | 'log' | 'state'> & Partial<WorkerOptions>): WorkerOptions {
  return {
    applicationId: 'test',
    logger: silentLogger,
    offsetReset: 'earliest',
    outOfRange: 'stop',
    sessionTimeoutMs: 10_000,
    stuckAfterMs: 60_000,
    maxUnitRecords: 100,
    unitIntervalMs: 0,
    maxRecordBytes: 900_000,
    pollTimeoutMs: 10,
    now: Date.now,
    observers: [],
    pauses: new Pauses(),
    takeApplied: () => [],
    ...options
  }
}
