import type { Pause, Pauses, WorkerObserver } from '../streams/runtime.ts'

export interface WorkerHealth {
  readonly observer: WorkerObserver
  /** The longest of the pauses that records wait for. */
  readonly waitingFor: () => Pause | undefined
  readonly pauses: () => readonly Pause[]
  readonly tasks: () => readonly string[]
}

/** What any worker can say of itself: which tasks it has, and what it waits for. */
export function createWorkerHealth (pauses: Pauses): WorkerHealth {
  let tasks: readonly string[] = []
  return {
    // A partition that does not advance comes first: its sentence says more than what it waits for.
    waitingFor: () => pauses.of('stuck') ?? pauses.holdingRecords(),
    pauses: () => pauses.list(),
    tasks: () => tasks,
    observer: {
      assigned (assigned) { tasks = assigned.map(({ name }) => name).sort() },
      committed () {}
    }
  }
}
