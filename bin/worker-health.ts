import type { WorkerObserver } from '../streams/runtime.ts'

export interface WorkerHealth {
  readonly observer: WorkerObserver
  /** Why the worker waits, and since when; undefined while it does not. */
  readonly waitingFor: () => { readonly reason: string, readonly since: string } | undefined
  readonly tasks: () => readonly string[]
}

/** What any worker can say of itself: which tasks it has, and what it waits for. */
export function createWorkerHealth (now: () => number): WorkerHealth {
  let waiting: { readonly reason: string, readonly since: string } | undefined
  let tasks: readonly string[] = []
  return {
    waitingFor: () => waiting,
    tasks: () => tasks,
    observer: {
      assigned (assigned) { tasks = assigned.map(({ name }) => name).sort() },
      waiting (reason) { waiting = reason === undefined ? undefined : { reason, since: waiting?.since ?? new Date(now()).toISOString() } },
      committed () {}
    }
  }
}
