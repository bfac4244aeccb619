import type { Store, WriterOf } from '../stores/store.ts'
import type { LogRecord } from '../log/log.ts'
import type { Node } from './node.ts'
import type { Rejected } from './contract.ts'
import type { StreamRecord } from './record.ts'

/**
 * What nodes may do while a record goes through them. Everything is an effect of the commit unit: undone when the unit is
 * run again, and seen by others only when it is committed.
 */
export interface Execution {
  /** The record being processed. */
  readonly current: () => LogRecord
  /** Marks the node whose code runs now, so that an error can name it; returns the one before, to be given back to `leave`. */
  readonly enter: (node: Node) => Node | undefined
  readonly leave: (previous: Node | undefined) => void
  /** Counts a record that this node hands on. */
  readonly forwarded: (node: Node) => void
  /** Whether this node has accepted the record's value in an earlier run. */
  readonly wasAccepted: (node: Node) => boolean
  readonly accepted: (node: Node) => void
  readonly emit: (sink: Node, record: StreamRecord) => void
  readonly deadLetter: (sink: Node, rejected: Rejected) => void
  /** Counted by node and reason, and logged with the source record's coordinates. */
  readonly drop: (node: Node, reason: string) => void
  /** Runs once, when the unit closes. */
  readonly whenClosed: (effect: () => void) => void
  readonly writer: <S extends Store>(store: S) => WriterOf<S>
}
