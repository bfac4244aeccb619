import type { TaskTime } from './execution.ts'
import type { Node } from './node.ts'

/**
 * What a node does because time has passed, and not because of a record.
 *
 * stream-time: behind the record that moves stream time past a deadline; the first deadline is 0, so the first record meets it ·
 * wall-clock: in a commit of its own; the first deadline is one interval away · watermark: stream time was moved without a record ·
 * idle: the task has had no record for so long, by the wall clock, and has all that the log has.
 */
export type Timer = Punctuation | Watching | Waiting

export interface Punctuation {
  readonly kind: 'stream-time' | 'wall-clock'
  readonly node: Node
  readonly everyMs: number
  /** Under which the task keeps the next deadline. */
  readonly name: string
  readonly deadline: TaskTime
  /** Given the time by which it was due: the stream time, or what the wall clock shows. */
  readonly run: (now: number) => void
}

interface Watching {
  readonly kind: 'watermark'
  readonly node: Node
  readonly run: (streamTime: number) => void
}

interface Waiting {
  readonly kind: 'idle'
  readonly node: Node
  readonly afterMs: number
  readonly run: (now: number) => void
}

/** The deadline of what was cancelled. */
export const NEVER = Number.MAX_SAFE_INTEGER
