import type { Processor } from '../../streams/index.ts'
import type { Store } from '../../streams/index.ts'
import { openMemoryState } from '../../streams/state/memory-state.ts'
import type { Row } from '../../streams/state/state.ts'
import { StoreStates } from '../../streams/task/stores/store-states.ts'

export interface ProcessorRun<Out> {
  /** Values handed on, in order. */
  readonly forwarded: readonly Out[]
  /** Reasons of what was dropped, in order. */
  readonly dropped: readonly string[]
  /** What is committed, as rows of the store's table. */
  readonly rows: (store: Store) => readonly Row[]
}

/** One node by itself over stores in memory: each value is a record and a unit of its own, read and committed like any other. */
export async function runProcessor<In, Out, S extends Readonly<Record<string, Store>>> (processor: Processor<In, Out, S>, values: readonly In[]): Promise<ProcessorRun<Out>> {
  const stores = new StoreStates(Object.values(processor.stores))
  const state = openMemoryState()
  const forwarded: Out[] = []
  const dropped: string[] = []
  const context = {
    // Each role is given the writer of the store named for it; `fromEntries` cannot express that correspondence.
    stores: Object.fromEntries(Object.entries(processor.stores).map(([role, store]) => [role, stores.writer(store)])) as Parameters<typeof processor.process>[1]['stores'],
    drop: (reason: string) => { dropped.push(reason) },
    recordMetadata: () => ({ topic: 'test', partition: 0, offset: 0 })
  }
  for (const value of values) {
    const attempt: Out[] = []
    const droppedBefore = dropped.length
    const run = (): boolean => {
      stores.beginRecord(0)
      attempt.length = 0
      dropped.length = droppedBefore
      processor.process({ key: null, value, timestamp: 0, headers: [] }, { ...context, forward: record => { attempt.push(record.value) } })
      return !stores.mode.missed
    }
    stores.mode.speculating = true
    while (!run()) {
      stores.undoRecord()
      const wanted = stores.takeMissing()
      stores.accept(await state.load(wanted), wanted)
    }
    stores.mode.speculating = false
    forwarded.push(...attempt)
    stores.seal()
    const unit = await state.begin()
    const written = await unit.write(stores.writes(), [])
    stores.committed(written.outcome === 'committed' ? written.changes : [])
  }
  return { forwarded, dropped, rows: state.table }
}
