import { randomUUID } from 'node:crypto'
import { SortedMap } from '../sorted-map.ts'
import { splitKey } from '../stores/columns.ts'
import type { TopicPartition } from '../log/log.ts'
import type { Ordered } from '../stores/ordered.ts'
import type { Store } from '../stores/store.ts'
import {
  StateError,
  type AbortedUnit, type Change, type CondemnedRecord, type Conflict, type ListValue, type Loaded, type OrderedWrite, type Row, type RowsWrite, type State, type StoredEntry, type StoreWrite, type ParkedRow, type TaskId,
  type TaskPosition, type UnitTransaction, type VersionedValue, type Wanted, type Written
} from './state.ts'

/**
 * State in this process: for unit tests, the test driver, and a worker whose state may be lost with it. Keeps the promises of `State`, but not over
 * a restart, and for one worker only: positions are lost with the rest, so one that starts again begins under an application id of its own.
 */
export interface MemoryState extends State {
  /** A store's content as rows of its table; bytes as text of one character each. */
  readonly table: (store: Store) => readonly Row[]
  /** An ordered store's content by partition. */
  readonly ordered: (store: Ordered) => ReadonlyMap<number, Pick<SortedMap<StoredEntry>, 'page'>>
}

interface Tables {
  readonly tasks: Map<string, TaskPosition>
  readonly inputs: Map<string, number>
  /** By task and epoch: the last unit of an epoch that has ended. */
  readonly closed: Map<string, TaskId & { readonly epoch: number, readonly unit: number }>
  readonly aborted: Map<string, AbortedUnit>
  readonly condemned: Map<string, CondemnedRecord & { readonly foundAtMs: number }>
  /** By task and number. */
  readonly parked: Map<string, ParkedRow>
  readonly counters: Map<string, Map<string, number>>
  readonly rows: Map<string, Map<string, Row>>
  readonly lists: Map<string, Map<string, ListValue>>
  readonly keyed: Map<string, Map<string, VersionedValue>>
  /** By store and partition. */
  readonly ordered: Map<string, Map<number, OrderedPart>>
}

/** What a task has in an ordered store. */
interface OrderedPart {
  readonly entries: SortedMap<StoredEntry>
  /** No entry has an earlier time. */
  earliest: number
  addedSinceSweep: number
}

export function openMemoryState (): MemoryState {
  const tables: Tables = { tasks: new Map(), inputs: new Map(), closed: new Map(), aborted: new Map(), condemned: new Map(), parked: new Map(), counters: new Map(), rows: new Map(), lists: new Map(), keyed: new Map(), ordered: new Map() }
  let version = 0
  return {
    async ensureStores () {},
    generation: randomUUID(),
    async noteInputs (counts) {
      for (const [topic, count] of counts) if (!tables.inputs.has(topic)) tables.inputs.set(topic, count)
      return new Map(tables.inputs)
    },
    async askedStarts () {
      return []
    },
    async takeOver (starts) {
      return starts.map(({ subTopology, partition, offsets, writesInternal = false }) => {
        const found = tables.tasks.get(nameOf({ subTopology, partition }))
        if (found !== undefined && writesInternal) tables.closed.set(epochOf(found), { subTopology, partition, epoch: found.epoch, unit: found.unit })
        const position = found === undefined
          ? { subTopology, partition, epoch: 1, unit: 0, offsets, finished: {}, streamTime: -1, times: {} }
          : { ...found, epoch: found.epoch + 1, offsets: { ...offsets, ...found.offsets } }
        tables.tasks.set(nameOf(position), position)
        return position
      })
    },
    async positions (tasks) {
      return tasks.flatMap(task => tables.tasks.get(nameOf(task)) ?? [])
    },
    async condemn (record) {
      const { subTopology, topic, partition, offset } = record
      const task = tables.tasks.get(nameOf({ subTopology, partition }))
      if (task === undefined || (task.offsets[topic] ?? 0) > offset) return false
      tables.condemned.set(placeOf(record), { ...record, foundAtMs: Date.now() })
      return true
    },
    async condemned (tasks) {
      return [...tables.condemned.values()].filter(record => tasks.some(task => nameOf(task) === nameOf(record)))
    },
    async load (wanted) {
      return wanted.map(each => loadFrom(tables, each))
    },
    async unitsOf (tasks) {
      return tasks.flatMap(task => {
        const found = tables.tasks.get(nameOf(task))
        const isOfTask = (each: TaskId): boolean => nameOf(each) === nameOf(task)
        if (found === undefined) return []
        const { subTopology, partition, epoch, unit } = found
        return [{ subTopology, partition, epoch, unit, closed: [...tables.closed.values()].filter(isOfTask), aborted: [...tables.aborted.values()].filter(isOfTask) }]
      })
    },
    async abort (units) {
      for (const each of units) {
        const task = tables.tasks.get(nameOf(each))
        if (task?.epoch === each.epoch && task.unit === each.unit - 1) noteAborted(tables, each)
      }
    },
    async forgetEpochs (epochs) {
      for (const each of epochs) {
        if (tables.tasks.get(nameOf(each))?.epoch === each.epoch) continue
        tables.closed.delete(epochOf(each))
        for (const [name, aborted] of tables.aborted) if (epochOf(aborted) === epochOf(each)) tables.aborted.delete(name)
      }
    },
    async noteInternalTopics () {},
    async parked (tasks) {
      return [...tables.parked.values()].filter(row => tasks.some(task => nameOf(task) === nameOf(row))).sort((a, b) => a.seq - b.seq)
    },
    async parkedCounts () {
      return new Map([...Map.groupBy(tables.parked.values(), ({ subTopology }) => subTopology)].map(([name, rows]) => [name, rows.length]))
    },
    async loadParked (places) {
      return places.flatMap(place => tables.parked.get(parkedName(place)) ?? [])
    },
    async begin () {
      return openUnit(tables, () => ++version)
    },
    async close () {},
    table: store => tableOf(tables, store),
    ordered: store => new Map([...tables.ordered.get(store.name) ?? []].map(([partition, { entries }]) => [partition, entries]))
  }
}

/** Collects first and applies at the end, so that a unit given up leaves nothing behind. */
function openUnit (tables: Tables, nextVersion: () => number): UnitTransaction {
  let claimed: readonly TaskPosition[] = []
  let passed: readonly string[] = []
  let undone: readonly AbortedUnit[] = []
  let deciding: readonly RowsWrite[] = []
  const lostOf = (positions: readonly TaskPosition[]): TaskPosition[] => positions.filter(position => {
    const found = tables.tasks.get(nameOf(position))
    return found === undefined || found.epoch !== position.epoch || found.unit !== position.unit
  })
  return {
    async insert (rows) {
      deciding = rows
      return rows.flatMap(write => rowConflicts(tables, write))
    },
    async claim (positions, condemned, aborted = []) {
      claimed = positions
      passed = condemned.map(placeOf)
      undone = aborted
      return lostOf(positions)
    },
    async write (writes, _applied, parked = { puts: [], deletes: [] }) {
      if (lostOf(claimed).length > 0) throw new StateError('outage', 'Another unit moved the positions meanwhile.', undefined)
      const conflicts = [...deciding, ...writes].flatMap(write => conflictsOf(tables, write))
      if (conflicts.length > 0) return { outcome: 'conflict', conflicts } satisfies Written
      for (const position of claimed) tables.tasks.set(nameOf(position), { ...position, unit: position.unit + 1 })
      for (const each of undone) noteAborted(tables, each)
      for (const place of passed) tables.condemned.delete(place)
      for (const place of parked.deletes) tables.parked.delete(parkedName(place))
      for (const row of parked.puts) tables.parked.set(parkedName(row), row)
      const changes = [...deciding, ...writes].flatMap(write => apply(tables, write, nextVersion))
      return { outcome: 'committed', changes, outboxId: undefined } satisfies Written
    },
    async rollback () {}
  }
}

function nameOf ({ subTopology, partition }: TaskId): string {
  return `${subTopology}/${partition}`
}

function parkedName (place: TaskId & { readonly seq: number }): string {
  return `${nameOf(place)}/${place.seq}`
}

function epochOf (task: TaskId & { readonly epoch: number }): string {
  return `${nameOf(task)}/${task.epoch}`
}

function noteAborted (tables: Tables, aborted: AbortedUnit): void {
  const name = `${epochOf(aborted)}/${aborted.unit}`
  if ((tables.aborted.get(name)?.attempts ?? 0) < aborted.attempts) tables.aborted.set(name, aborted)
}

function placeOf ({ topic, partition, offset }: TopicPartition & { readonly offset: number }): string {
  return `${topic}-${partition}@${offset}`
}

function within<T> (tables: Map<string, Map<string, T>>, { name }: Store): Map<string, T> {
  let table = tables.get(name)
  if (table === undefined) tables.set(name, table = new Map())
  return table
}

function partOf (tables: Tables, { name }: Ordered, partition: number): OrderedPart {
  let parts = tables.ordered.get(name)
  if (parts === undefined) tables.ordered.set(name, parts = new Map())
  let part = parts.get(partition)
  if (part === undefined) parts.set(partition, part = { entries: new SortedMap(), earliest: Infinity, addedSinceSweep: 0 })
  return part
}

function loadFrom (tables: Tables, wanted: Wanted): Loaded {
  if ('ranges' in wanted) {
    return {
      store: wanted.store,
      found: wanted.keys.flatMap(({ partition, key }) => partOf(tables, wanted.store, partition).entries.get(key) ?? []),
      ranges: wanted.ranges.map(({ partition, from, to, ...how }) => {
        const entries = partOf(tables, wanted.store, partition).entries.page(from, to, how)
        return { entries, isWhole: entries.length < how.limit }
      })
    }
  }
  const { store, keys } = wanted
  const pick = <T>(table: ReadonlyMap<string, T>): Map<string, T> => new Map(keys.flatMap(key => {
    const found = table.get(key)
    return found === undefined ? [] : [[key, found]]
  }))
  switch (store.kind) {
    case 'rows': return { store, found: new Set(pick(within(tables.rows, store)).keys()) }
    case 'list': return { store, found: pick(within(tables.lists, store)) }
    case 'keyed': return { store, found: pick(within(tables.keyed, store)) }
  }
}

function rowConflicts (tables: Tables, { store, rows, decided }: RowsWrite): Conflict[] {
  const keys = [...new Set(decided)].filter(key => rows.has(key) && within(tables.rows, store).has(key))
  return keys.length === 0 ? [] : [{ store, keys }]
}

function conflictsOf (tables: Tables, write: StoreWrite): Conflict[] {
  switch (write.kind) {
    case 'counter': case 'ordered': return []
    case 'rows': return rowConflicts(tables, write)
    case 'list': {
      const table = within(tables.lists, write.store)
      const keys = [...write.changes].filter(([key, { expected }]) => (table.get(key)?.newest ?? 0) !== expected).map(([key]) => key)
      return keys.length === 0 ? [] : [{ store: write.store, keys }]
    }
    case 'keyed': {
      const table = within(tables.keyed, write.store)
      const keys = [...write.changes].filter(([key, { expected }]) => (table.get(key)?.version ?? 0) !== expected).map(([key]) => key)
      return keys.length === 0 ? [] : [{ store: write.store, keys }]
    }
  }
}

function apply (tables: Tables, write: StoreWrite, nextVersion: () => number): Change[] {
  switch (write.kind) {
    case 'counter': {
      const table = within(tables.counters, write.store)
      for (const [key, amount] of write.amounts) table.set(key, (table.get(key) ?? 0) + amount)
      return [{ kind: 'counter', store: write.store, counts: new Map([...write.amounts.keys()].map(key => [key, table.get(key) ?? 0])) }]
    }
    case 'rows': {
      const table = within(tables.rows, write.store)
      for (const [key, row] of write.rows) if (!table.has(key)) table.set(key, row)
      return []
    }
    case 'list': {
      const table = within(tables.lists, write.store)
      for (const [key, { value }] of write.changes) table.set(key, value)
      return [{ kind: 'list', store: write.store, values: new Map([...write.changes].map(([key, { value }]) => [key, value])) }]
    }
    case 'keyed': {
      const table = within(tables.keyed, write.store)
      const values = new Map<string, { readonly version: number, readonly value: unknown }>()
      for (const [key, { value }] of write.changes) {
        const version = nextVersion()
        if (value === undefined) table.delete(key)
        else table.set(key, { version, value })
        values.set(key, { version, value })
      }
      return [{ kind: 'keyed', store: write.store, values }]
    }
    case 'ordered':
      applyOrdered(tables, write)
      return []
  }
}

function applyOrdered (tables: Tables, { store, puts, deletes, expiries }: OrderedWrite): void {
  for (const entry of puts) {
    const part = partOf(tables, store, entry.partition)
    part.entries.set(entry.key, entry)
    part.earliest = Math.min(part.earliest, entry.time)
    part.addedSinceSweep++
  }
  for (const { partition, key } of deletes) partOf(tables, store, partition).entries.delete(key)
  for (const [partition, before] of expiries) dropExpired(partOf(tables, store, partition), before)
}

/** All are looked at, so only when many were put since: then a put pays for a few looks. */
function dropExpired (part: OrderedPart, before: number): void {
  if (before <= part.earliest || part.addedSinceSweep <= part.entries.size / 4) return
  part.earliest = Infinity
  part.addedSinceSweep = 0
  for (const { key, time } of part.entries.values()) {
    if (time < before) part.entries.delete(key)
    else part.earliest = Math.min(part.earliest, time)
  }
}

function tableOf (tables: Tables, store: Store): Row[] {
  const keyColumns = (key: string): Row => Object.fromEntries(splitKey(key).map((part, index) => [store.key[index] ?? '', part]))
  switch (store.kind) {
    case 'counter': return [...within(tables.counters, store)].map(([key, count]) => ({ ...keyColumns(key), [store.count]: count }))
    case 'rows': return [...within(tables.rows, store).values()]
    case 'ordered': return [...tables.ordered.get(store.name)?.values() ?? []].flatMap(part =>
      part.entries.values().map(({ partition, key, value, timestamp, time }) => ({ partition, key, value: value.toString('latin1'), timestamp, time })))
    case 'list': return [...within(tables.lists, store)].flatMap(([key, { newest, entries }]) =>
      entries.map((entry, index) => ({ ...keyColumns(key), [store.position]: newest - index, ...entry })))
    case 'keyed': return [...within(tables.keyed, store)].map(([key, { value, version }]) => ({ ...keyColumns(key), value: JSON.stringify(value), version }))
  }
}
