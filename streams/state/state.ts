import type { LogRecord, TopicPartition } from '../log/log.ts'
import type { OffsetRange } from './progress.ts'
import type { Columns, RowOf } from '../stores/columns.ts'
import type { Counter } from '../stores/counter.ts'
import type { Keyed } from '../stores/keyed.ts'
import type { List } from '../stores/list.ts'
import type { Ordered } from '../stores/ordered.ts'
import type { Rows } from '../stores/rows.ts'
import type { Store } from '../stores/store.ts'

/**
 * Where state and positions live: what a commit unit wants of a database, as data.
 *
 * Two implementations keep these promises: Postgres (also PGlite), and memory for the test driver and unit tests.
 */
export interface State {
  /** A random id made with the state: a reset makes another. */
  readonly generation: string
  /** Makes the tables of ordered stores where they are missing; the others' come with migrations. */
  readonly ensureStores: (stores: readonly Store[]) => Promise<void>
  /** Notes how many partitions each input has, where it was not noted before; answers with what is noted: partitions beyond that came later. */
  readonly noteInputs: (counts: ReadonlyMap<string, number>) => Promise<ReadonlyMap<string, number>>
  /** Of those partitions that a reset gave a place to start from, and that were not started yet: that place. */
  readonly askedStarts: (partitions: readonly TopicPartition[]) => Promise<readonly (TopicPartition & { readonly offset: number })[]>
  /**
   * Makes the tasks ours: raises each epoch, so that whoever held it before loses its next compare. A task without a row is given
   * the offsets of `starts`; asked starts of these partitions are used up. Of one that writes internal topics the last unit of the
   * epoch that ends is kept.
   */
  readonly takeOver: (tasks: readonly TaskStart[]) => Promise<readonly TaskPosition[]>
  /** Waits for a transaction that is still moving one of them. */
  readonly positions: (tasks: readonly TaskId[]) => Promise<readonly TaskPosition[]>
  /** Writes down a record that made a node run for ever. False, and nothing written, where somebody has moved past it. */
  readonly condemn: (record: CondemnedRecord) => Promise<boolean>
  /** Those of these tasks. Asked behind taking them over: what is written later, nobody has to know before they are taken over again. */
  readonly condemned: (tasks: readonly TaskId[]) => Promise<readonly (CondemnedRecord & { readonly foundAtMs: number })[]>
  /** What stands in the stores now, one round trip. Keys that are not there are left out. */
  readonly load: (wanted: readonly Wanted[]) => Promise<readonly Loaded[]>
  /** What is known of the units of these tasks, at one moment; waits for nobody. */
  readonly unitsOf: (tasks: readonly TaskId[]) => Promise<readonly TaskUnits[]>
  /** Writes down attempts that came to nothing, of tasks that are still where they were. */
  readonly abort: (units: readonly AbortedUnit[]) => Promise<void>
  /** Nobody will ask for the units of these epochs any more; a task's present epoch stays. */
  readonly forgetEpochs: (epochs: readonly (TaskId & { readonly epoch: number })[]) => Promise<void>
  /** Writes down that these topics are the application's own, before it makes them: a reset deletes what is written down. */
  readonly noteInternalTopics: (topics: readonly string[]) => Promise<void>
  /** Which records of these tasks are parked, in the order in which they came. Asked behind taking them over. */
  readonly parked: (tasks: readonly TaskId[]) => Promise<readonly ParkedPlace[]>
  /** How many records are parked, by sub-topology; also in those that the topology does not have any more. */
  readonly parkedCounts: () => Promise<ReadonlyMap<string, number>>
  /** What is parked there; places that hold nothing are left out. */
  readonly loadParked: (places: readonly (TaskId & { readonly seq: number })[]) => Promise<readonly ParkedRow[]>
  readonly begin: () => Promise<UnitTransaction>
  readonly close: () => Promise<void>
}

export interface TaskId {
  readonly subTopology: string
  readonly partition: number
}

export interface TaskStart extends TaskId {
  /** Used only for the topics that have no position yet. */
  readonly offsets: Readonly<Record<string, number>>
  readonly writesInternal?: boolean
}

export interface TaskPosition extends TaskId {
  readonly epoch: number
  readonly unit: number
  /** By topic: the offset of the next record to process. */
  readonly offsets: Readonly<Record<string, number>>
  /** By topic: what beyond that offset is done too, because a record before it still waits for something outside. Topics without any are left out. */
  readonly finished: Readonly<Record<string, readonly OffsetRange[]>>
  /** The largest timestamp of any record processed, −1 before the first. */
  readonly streamTime: number
  /** By name; those that were never set are left out. */
  readonly times: Readonly<Record<string, number>>
}

/** Which units of a task have happened, as readers of internal topics need to know it. */
export interface TaskUnits extends TaskId {
  readonly epoch: number
  /** The last that is committed. */
  readonly unit: number
  /** Ended epochs, with the last unit that was committed in each. */
  readonly closed: readonly { readonly epoch: number, readonly unit: number }[]
  readonly aborted: readonly { readonly epoch: number, readonly unit: number, readonly attempts: number }[]
}

/** Attempts below `attempts` at this unit came to nothing. */
export interface AbortedUnit extends TaskId {
  readonly epoch: number
  readonly unit: number
  readonly attempts: number
}

/** Where a record waits for another attempt. Those of one lane wait for each other, in the order of their numbers. */
export interface ParkedPlace extends TaskId {
  /** Bytes, one per character. */
  readonly lane: string
  /** Of the task. */
  readonly seq: number
  /** Of the first of a lane; those behind it are due when it is done. */
  readonly dueAtMs: number
}

export interface ParkedRow extends ParkedPlace {
  readonly attempts: number
  readonly firstFailedAtMs: number
  /** What its idempotency keys begin with. */
  readonly origin: string
  /** As it was read the first time. */
  readonly record: LogRecord
}

export interface ParkedWrite {
  readonly puts: readonly ParkedRow[]
  readonly deletes: readonly (TaskId & { readonly seq: number })[]
}

/** A record that is not to be run again, and the node that did not come back from it. */
export interface CondemnedRecord extends TaskId, TopicPartition {
  readonly offset: number
  readonly node: string
}

export type Row = Readonly<Record<string, string | number | boolean | null>>

export type Wanted =
  | { readonly store: Rows, readonly keys: readonly string[] }
  | { readonly store: List, readonly keys: readonly string[] }
  | { readonly store: Keyed, readonly keys: readonly string[] }
  | { readonly store: Ordered, readonly keys: readonly OrderedKey[], readonly ranges: readonly OrderedRange[] }

/** Of an ordered store; bytes, one per character. */
export interface OrderedKey {
  /** Of the task. */
  readonly partition: number
  readonly key: string
}

/** At most `limit` entries with `from` ≤ key < `to`, from the first on, or, reverse, from the last on. */
export interface OrderedRange {
  readonly partition: number
  readonly from: string
  readonly to: string | undefined
  readonly reverse: boolean
  readonly limit: number
}

export interface StoredEntry extends OrderedKey {
  readonly value: Buffer
  readonly timestamp: number
  readonly time: number
}

export interface OrderedPage {
  /** In the order asked for. */
  readonly entries: readonly StoredEntry[]
  /** Else there may be more behind the last. */
  readonly isWhole: boolean
}

export interface ListValue<E extends Columns = Columns> {
  /** The number of the newest entry, which is the version of the list; 0 for an empty one. */
  readonly newest: number
  /** Newest first. */
  readonly entries: readonly RowOf<E>[]
}

export interface VersionedValue {
  readonly version: number
  readonly value: unknown
}

export type Loaded =
  | { readonly store: Rows, readonly found: ReadonlySet<string> }
  | { readonly store: List, readonly found: ReadonlyMap<string, ListValue> }
  | { readonly store: Keyed, readonly found: ReadonlyMap<string, VersionedValue> }
  | { readonly store: Ordered, readonly found: readonly StoredEntry[], readonly ranges: readonly OrderedPage[] }

/** What a unit writes to one store. Keys are joined keys, see `joinKey`; each occurs once. */
export type StoreWrite = CounterWrite | RowsWrite | ListWrite | KeyedWrite | OrderedWrite

export interface CounterWrite {
  readonly kind: 'counter'
  readonly store: Counter
  readonly amounts: ReadonlyMap<string, number>
}

export interface RowsWrite {
  readonly kind: 'rows'
  readonly store: Rows
  readonly rows: ReadonlyMap<string, Row>
  /** Keys that were read as absent, some perhaps more than once: somebody being first is a conflict. */
  readonly decided: readonly string[]
}

export interface ListWrite {
  readonly kind: 'list'
  readonly store: List
  /** Before it there were `held` entries, the newest with number `expected`. */
  readonly changes: ReadonlyMap<string, { readonly expected: number, readonly held: number, readonly value: ListValue }>
}

export interface KeyedWrite {
  readonly kind: 'keyed'
  readonly store: Keyed
  /** A value of undefined deletes. */
  readonly changes: ReadonlyMap<string, { readonly expected: number, readonly value: unknown }>
}

/**
 * No version is compared: a row belongs to the partition of its task, whose position row is compared and moved in the same
 * transaction. A key occurs once, among the puts or the deletes.
 */
export interface OrderedWrite {
  readonly kind: 'ordered'
  readonly store: Ordered
  readonly puts: readonly StoredEntry[]
  readonly deletes: readonly OrderedKey[]
  /** By partition: what has an earlier time goes, put by this unit or before. */
  readonly expiries: ReadonlyMap<number, number>
}

/**
 * What a store holds after the unit, for the projection. Every value carries its version; only a higher one replaces it.
 * Of a list, `added` says how many entries are new, where that is known.
 */
export type Change =
  | { readonly kind: 'counter', readonly store: Counter, readonly counts: ReadonlyMap<string, number> }
  | { readonly kind: 'list', readonly store: List, readonly values: ReadonlyMap<string, ListValue & { readonly added?: number }> }
  | { readonly kind: 'keyed', readonly store: Keyed, readonly values: ReadonlyMap<string, { readonly version: number, readonly value: unknown }> }

export interface Conflict {
  readonly store: Rows | List | Keyed
  readonly keys: readonly string[]
}

/** One commit unit's transaction; the methods are called in this order, once each. After an error or a conflict it is rolled back already. */
export interface UnitTransaction {
  /**
   * Inserts the rows that decide, while the unit before may still be on its way: nothing else of this one is written before
   * that is committed. Names the keys that somebody else had inserted first; the caller then rolls back.
   */
  readonly insert: (rows: readonly RowsWrite[]) => Promise<readonly Conflict[]>
  /**
   * Compares and moves the positions, past the condemned records named, and writes down the attempts before this one. Names the
   * tasks that are not ours any more; the caller then rolls back.
   */
  readonly claim: (
    positions: readonly TaskPosition[], condemned: readonly (TopicPartition & { readonly offset: number })[], aborted?: readonly AbortedUnit[]
  ) => Promise<readonly TaskId[]>
  /** Everything else, commutative writes last; then the outbox row, in place of those that the projection has `applied`. Commits when there is no conflict, rolls back else. */
  readonly write: (writes: readonly StoreWrite[], applied: readonly number[], parked?: ParkedWrite) => Promise<Written>
  readonly rollback: () => Promise<void>
}

export type Written =
  | { readonly outcome: 'committed', readonly changes: readonly Change[], readonly outboxId: number | undefined }
  | { readonly outcome: 'conflict', readonly conflicts: readonly Conflict[] }

/** conflict and outage: run again · data: a record's value cannot be stored · fatal: a human must act · unknown: the commit was sent and not answered. */
export type StateErrorKind = 'outage' | 'data' | 'fatal' | 'unknown'

export class StateError extends Error {
  override readonly name = 'StateError'
  readonly kind: StateErrorKind

  constructor (kind: StateErrorKind, message: string, cause: unknown) {
    super(message, { cause })
    this.kind = kind
  }
}
