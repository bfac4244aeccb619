import type { Store, WriterOf } from '../stores/store.ts'
import type { LogRecord } from '../log/log.ts'
import type { GlobalSource } from './global-table.ts'
import type { CallFailure } from './async-processor.ts'
import type { CallOutcome } from './calls.ts'
import type { Node } from './node.ts'
import type { GlobalTableCopy } from './operators/global-table.ts'
import type { Rejected } from './contract.ts'
import type { StreamRecord } from './record.ts'
import type { Topic } from './topic.ts'

/**
 * What nodes may do while a record goes through them. Everything is an effect of the commit unit: undone when the unit is
 * run again, and seen by others only when it is committed.
 */
export interface Execution {
  /** The source record being processed; undefined while a node does what is due by time. */
  readonly current: () => LogRecord | undefined
  /** Marks the node whose code runs now, so that an error can name it; returns the one before, to be given back to `leave`. */
  readonly enter: (node: Node) => Node | undefined
  readonly leave: (previous: Node | undefined) => void
  /** Counts a record that this node hands on. */
  readonly forwarded: (node: Node, record: StreamRecord) => void
  /** Whether this node has accepted the record's value in an earlier run. */
  readonly wasAccepted: (node: Node) => boolean
  readonly accepted: (node: Node) => void
  /** Left out, the partition is that of the key, also where the choice is undefined; and the topic is that of the sink. */
  readonly emit: (sink: Node, record: StreamRecord, partition?: ChosenPartition, topic?: Topic) => void
  readonly deadLetter: (sink: Node, rejected: Rejected) => void
  /** Counted by node and reason, and logged with the source record's coordinates. */
  readonly drop: (node: Node, reason: string) => void
  /** What came of this node's call for the record; undefined: it is to be made, and the record will be run again then. */
  readonly call: (node: Node, record: StreamRecord) => CallOutcome | undefined
  /** Writes the dead letter of the source record that this node's call was given up for. */
  readonly giveUp: (node: Node, failure: CallFailure) => void
  /** Runs once, when the unit closes. */
  readonly whenClosed: (effect: () => void) => void
  readonly writer: <S extends Store>(store: S) => WriterOf<S>
  /** This process' copy of a global table. */
  readonly global: (source: GlobalSource) => GlobalTableCopy<unknown>
  /** The partition of the current record's task. */
  readonly partition: () => number
  /** The largest timestamp that the task has seen, the current record's included; −1 before the first. */
  readonly streamTime: () => number
  /** A number that each task keeps under this name beside its position: undone with the record, committed with the unit, there after a restart. Asked for when the graph is wired. */
  readonly time: (name: string) => TaskTime
  /** At the wiring: `flush` runs behind each record, in the order in which they were registered, and again while one of them has run something new; `reset` before each record. */
  readonly whenRecordDone: (hooks: { readonly flush: () => void, readonly reset: () => void }) => void
  /**
   * At the wiring: what a node does every so often. By stream time behind the record that passes a deadline, before the flushes; the
   * first deadline is 0. By the wall clock as a commit of its own; the first deadline is one interval away. The next one is kept
   * with the task under this name; what was missed is made up for once.
   */
  readonly punctuate: (node: Node, every: PunctuationOptions, run: (now: number, cancel: () => void) => void) => void
  /** At the wiring: what a node does when stream time is moved on without a record, as a commit of its own. */
  readonly whenTimeAdvances: (node: Node, run: (streamTime: number) => void) => void
  /** At the wiring: what a node does, once and as a commit of its own, when its task has had no record for so long by the wall clock. */
  readonly whenIdle: (node: Node, afterMs: number, run: (now: number) => void) => void
}

/** A partition, or how to choose one, given how many there are. */
export type ChosenPartition = number | ((count: number) => number | undefined)

export interface PunctuationOptions {
  readonly name: string
  readonly everyMs: number
  readonly by: 'stream-time' | 'wall-clock'
}

/** A number of the current record's task; −1 until it was set. */
export interface TaskTime {
  readonly get: () => number
  readonly set: (value: number) => void
}
