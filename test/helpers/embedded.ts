import { topicsOf } from '../../streams/graph/topic-names.ts'
import type { TestContext } from 'node:test'
import { createMemoryLog } from '../../streams/log/memory.ts'
import { openMemoryState, type MemoryState } from '../../streams/state/memory-state.ts'
import { Worker } from '../../streams/worker/worker.ts'
import type { Log, Store, Topology } from '../../streams/index.ts'
import type { Unit } from '../../streams/task/unit.ts'
import { memoryWorkerOptions } from './memory-worker.ts'
import type { ModelRecord } from './model.ts'

export interface Embedded {
  readonly log: Log
  readonly state: MemoryState
  /** Appends records and resolves when all of them are committed. */
  readonly pipe: (records: readonly ModelRecord[]) => Promise<void>
  /** Rows of a store's table, sorted as Postgres sorts them by key. */
  readonly rows: (store: Store) => readonly object[]
  readonly units: readonly Unit[]
}

/** A topology on the log and the state in memory: the real worker, tasks and commit units, without a service. */
export async function openEmbedded (t: TestContext, topology: Topology, { maxUnitRecords = 100, partitions = 1 }: { readonly maxUnitRecords?: number, readonly partitions?: number } = {}): Promise<Embedded> {
  const log = createMemoryLog()
  const topics = new Set(topicsOf(topology).flatMap(({ name, internal }) => internal ? [] : name))
  await log.createTopics([...topics].map(name => ({ name, partitions })))
  const state = openMemoryState()
  const units: Unit[] = []
  let committed = 0
  let wanted = Infinity
  let reached: () => void = () => {}
  const worker = new Worker(memoryWorkerOptions({
    topology,
    log,
    state,
    maxUnitRecords,
    observers: [{
      assigned () {},
      committed (unit) {
        units.push(unit)
        committed += unit.items.length
        if (committed >= wanted) reached()
      }
    }]
  }))
  t.after(async () => {
    await worker.stop()
    await log.close()
  })
  await worker.start()
  const producer = log.openProducer()
  return {
    log,
    state,
    units,
    rows: store => state.table(store).toSorted((a, b) => compare(keyOf(store, a), keyOf(store, b))),
    async pipe (records) {
      if (records.length === 0) return
      wanted = committed + records.length
      const done = new Promise<void>(resolve => { reached = resolve })
      await producer.send(records.map(({ topic, partition, key, value, timestamp }) => ({
        topic, partition, key: key === null ? null : Buffer.from(key), value, headers: [], ...(timestamp < 0 ? {} : { timestamp })
      })))
      await Promise.race([done, worker.done])
    }
  }
}

function keyOf (store: Store, row: Readonly<Record<string, unknown>>): unknown[] {
  return [...store.key.map(column => row[column]), store.kind === 'list' ? row[store.position] : 0]
}

function compare (a: readonly unknown[], b: readonly unknown[]): number {
  for (const [index, left] of a.entries()) {
    const right = b[index]
    const order = typeof left === 'number' && typeof right === 'number' ? left - right : Buffer.compare(Buffer.from(String(left)), Buffer.from(String(right)))
    if (order !== 0) return order
  }
  return 0
}
