import type { ErrorClass } from '../resilience/error-class.ts'
import type { Rejected } from '../graph/contract.ts'
import type { Node } from '../graph/node.ts'
import type { StreamRecord } from '../graph/record.ts'
import type { Timer } from '../graph/timer.ts'
import type { LogHeader, LogRecord } from '../log/log.ts'
import type { CallOutcome } from '../graph/calls.ts'
import type { ParkedRow } from '../state/state.ts'
import type { Extraction } from './extraction.ts'
import type { Task } from './task.ts'
import type { RecordTrace } from './tracing/record-trace.ts'

/** What a unit runs. It outlives the unit's failures: what was learnt about it is not learnt twice. */
export type Item = RecordItem | TimeItem

/** What is due in a task because time has passed. Run again, it finds the same time. */
export interface TimeItem {
  readonly task: Task
  readonly record: undefined
  /** What the wall clock showed when it was due. */
  readonly now: number
  /** To what stream time is moved on; undefined: it stays. */
  readonly watermark: number | undefined
  /** What the wall clock has made due, in order, each with its next deadline. */
  readonly due: readonly { readonly timer: Timer, readonly next: number }[]
  readonly failure?: undefined
  readonly trace?: undefined
}

/** A source record on its way through a unit. */
export interface RecordItem {
  readonly task: Task
  readonly record: LogRecord
  /** Where to go on after this record: past it, and past what the log holds but does not show (markers, compaction). */
  readonly nextOffset: number
  /** The partition's topic that it was read from, and the offset behind the record taken before it: all from there on is done with this one. Of a record that is tried again the topic is not its own; undefined: it was parked, and no partition moves on. */
  readonly readFrom: { readonly topic: string, readonly offset: number } | undefined
  /** Of an internal record: where what led to it came from, as the record before it said; the record's own coordinates change when a unit is run again. */
  readonly origin?: string | undefined
  /** Of a source with a timestamp extractor. */
  extraction?: Extraction | undefined
  /** Key and value, once decoded. */
  decoded: StreamRecord | undefined
  /** The validation that has accepted it. */
  acceptedBy: Node | undefined
  /** Why this record goes to the dead letters instead of through the graph. */
  failure: Failure | undefined
  /** When a validation first turned it away. */
  rejectedAtMs: number | undefined
  /** What is known of it where it was tried before. */
  readonly tried?: Tried | undefined
  /** It was parked there. */
  readonly released?: { readonly lane: string, readonly seq: number } | undefined
  /** What came of the calls made for it, in the order in which the graph asks for them. */
  calls?: (CallOutcome | undefined)[]
  /** Where it goes instead of through the graph, to be tried again later. */
  detour?: Detour
  /** Where it is parked instead. */
  parking?: ParkedRow
  /** Its dead letter was too large for the topic: cut it to so many bytes. */
  maxDeadLetterBytes?: number
  /** Where records are traced: since it was first run. */
  trace?: RecordTrace
}

/** What is known of attempts before. */
export interface Tried {
  readonly attempts: number
  readonly firstFailedAtMs: number
  /** Not before. */
  readonly dueAtMs: number
}

/** To a retry topic, by its name on the cluster. */
export interface Detour {
  readonly topic: string
  readonly headers: readonly LogHeader[]
}

export interface Failure {
  readonly rejected: Rejected
  /** The node that failed. */
  readonly node: string
  readonly cause: unknown
  readonly failedAtMs: number
  /** Of the first attempt; left out: there was one. */
  readonly firstFailedAtMs?: number
  /** Left out: one. */
  readonly attempts?: number
  /** Left out: poison. */
  readonly errorClass?: ErrorClass
  /** It is written down in the state, until the unit that moves past it is committed. */
  readonly condemned?: true
}

/** To what it moves stream time, if that is not further; −1: it does not. */
export function timestampOf (item: Item): number {
  if (item.record === undefined) return item.watermark ?? -1
  const { extraction, record } = item
  // A record that has no time moves none.
  return extraction !== undefined && 'error' in extraction ? -1 : extraction?.timestamp ?? record.timestamp
}
