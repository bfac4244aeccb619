import { Worker } from '../../streams/worker/worker.ts'
import type { OutgoingRecord, Topology } from '../../streams/index.ts'
import type { Unit } from '../../streams/task/unit.ts'
import { memoryWorkerOptions } from '../../test/helpers/memory-worker.ts'
import type { Owner } from '../lib/owner.ts'
import type { Ground } from './ground.ts'

/** As an application's worker is told, see `openWorker` in bin/. */
const UNIT = { maxUnitRecords: 2_000, unitIntervalMs: 50, pollTimeoutMs: 250 } as const

/** A worker in this process; stopped with its owner. */
export async function startCallsWorker (owner: Owner, { applicationId, log, state }: Ground, topology: Topology, committed: (unit: Unit) => void): Promise<void> {
  const worker = new Worker(memoryWorkerOptions({ topology, applicationId, log, state, ...UNIT, observers: [{ assigned () {}, committed }] }))
  owner.after(async () => await worker.stop())
  await worker.start()
  worker.done.catch((error: unknown) => { owner.diagnostic(String(error)) })
}

/** In batches, so that no request is too large. */
export async function fill ({ log }: Pick<Ground, 'log'>, records: readonly OutgoingRecord[]): Promise<void> {
  const producer = log.openProducer()
  for (let from = 0; from < records.length; from += 1_000) await producer.send(records.slice(from, from + 1_000))
  await producer.close()
}
