import type { Execution } from '../execution.ts'
import type { Node } from '../node.ts'

export type EmitStrategy = 'on-window-update' | 'on-window-close'

/** Lets a hook close windows by the wall clock when their partition has been idle. */
export interface IdleClosing {
  readonly closeWhenIdleMs: number
  /**
   * Called at the wiring. `closeUpTo(time)` emits what would be closed if a record of that time had come, for the current task;
   * records that come later for what it closed are late.
   */
  readonly wired: (execution: Execution, node: Node, closeUpTo: (time: number) => void) => void
}

/** Closes by what the wall clock shows, once its partition has had no record for so long. */
export function closingWhenIdle (closeWhenIdleMs: number): IdleClosing {
  return { closeWhenIdleMs, wired: (execution, node, closeUpTo) => execution.whenIdle(node, closeWhenIdleMs, closeUpTo) }
}

/** The times that decide which windows of a node are closed; they are the task's, and survive a restart. */
export interface CloseTimes {
  /** Takes note of a record's timestamp; answers up to when windows are closed for it. */
  readonly observe: (timestamp: number) => number
  /** Runs `emit` if the close time has moved on since the last time, and remembers it. */
  readonly advance: (closeTime: number, emit: (from: number) => void) => void
}

/** `lag`: how long after its time a window may still change. */
export function closeTimes (execution: Execution, node: Node, store: string, lag: number): CloseTimes {
  const streamTime = execution.time(`${node.name}/stream-time`)
  const closed = execution.time(`${store}/closed`)
  return {
    observe (timestamp) {
      if (timestamp > streamTime.get()) streamTime.set(timestamp)
      // Further on than stream time where the wall clock has closed windows.
      return Math.max(streamTime.get() - lag, closed.get())
    },
    advance (closeTime, emit) {
      const from = closed.get()
      if (closeTime <= from) return
      closed.set(closeTime)
      emit(from)
    }
  }
}
