import type { Execution, TaskTime } from '../../streams/graph/execution.ts'
import { GlobalTableCopy } from '../../streams/graph/operators/global-table.ts'
import type { Node } from '../../streams/graph/node.ts'
import type { StreamRecord } from '../../streams/graph/record.ts'
import type { OrderedWriter } from '../../streams/stores/ordered.ts'
import type { Store, WriterOf } from '../../streams/stores/store.ts'

export interface OperatorBench {
  readonly execution: Execution
  /** A node for a wire that wants one. */
  readonly node: (name: string, stores?: readonly Store[]) => Node
  /** Runs one record at an input: what the engine does around it. */
  readonly run: (input: (record: StreamRecord<unknown, unknown>) => void, record: { readonly key: unknown, readonly value: unknown, readonly timestamp: number }) => void
  readonly dropped: readonly string[]
  readonly times: ReadonlyMap<string, number>
  readonly store: (store: Store) => OrderedWriter
}

/** Wires of operators by themselves, over ordered stores and times in plain maps: one task, nothing is undone. */
export function openOperatorBench (): OperatorBench {
  const stores = new Map<string, OrderedWriter>()
  const times = new Map<string, number>()
  const dropped: string[] = []
  const hooks: Parameters<Execution['whenRecordDone']>[0][] = []
  let streamTime = -1
  let index = 0
  const store = (declared: Store): OrderedWriter => {
    const known = stores.get(declared.name) ?? openStore()
    stores.set(declared.name, known)
    return known
  }
  const time = (name: string): TaskTime => ({ get: () => times.get(name) ?? -1, set: value => times.set(name, value) })
  const execution: Execution = {
    current: () => ({ topic: 'test', partition: 0, offset: 0, key: null, value: Buffer.alloc(0), timestamp: streamTime, headers: [] }),
    enter: () => undefined,
    leave: () => {},
    forwarded: () => {},
    wasAccepted: () => false,
    accepted: () => {},
    emit: () => {},
    deadLetter: () => {},
    call: () => undefined,
    giveUp: () => {},
    drop: (_node, reason) => { dropped.push(reason) },
    whenClosed: effect => effect(),
    // Only ordered stores are opened here; which one a declaration means, its type says.
    writer: <S extends Store>(declared: S) => store(declared) as WriterOf<S>,
    partition: () => 0,
    global: source => new GlobalTableCopy(source.value),
    streamTime: () => streamTime,
    time,
    whenRecordDone: added => { hooks.push(added) },
    punctuate: () => {},
    whenTimeAdvances: () => {},
    whenIdle: () => {}
  }
  return {
    execution,
    node: (name, connected = []) => ({ index: index++, name, kind: 'processor', topology: 'operator', parents: [], stores: connected, topic: undefined, topics: [] }),
    run (input, { key, value, timestamp }) {
      streamTime = Math.max(streamTime, timestamp)
      for (const { reset } of hooks) reset()
      input({ key, value, timestamp, headers: [] })
      for (const { flush } of hooks) flush()
    },
    dropped,
    times,
    store
  }
}

function openStore (): OrderedWriter {
  const entries = new Map<string, { readonly key: string, readonly value: unknown, readonly timestamp: number } & { readonly time: number }>()
  return {
    get: key => entries.get(key),
    put: (key, value, timestamp, time = timestamp) => { entries.set(key, { key, value, timestamp, time }) },
    delete: key => { entries.delete(key) },
    range (from, to, { reverse = false } = {}) {
      const found = [...entries.values()].filter(({ key }) => key >= from && (to === undefined || key < to)).sort((a, b) => a.key < b.key ? -1 : 1)
      return reverse ? found.reverse() : found
    },
    expire (before) {
      for (const [key, { time }] of entries) if (time < before) entries.delete(key)
    }
  }
}
