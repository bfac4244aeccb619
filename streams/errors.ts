/** A topology that cannot run as it is written: the engineer's to mend, found when it is built. */
export class TopologyError extends Error {
  override readonly name = 'TopologyError'
}

/** Something a human must mend before the process can go on: stop, and say what to do. */
export class FatalError extends Error {
  override readonly name = 'FatalError'
}

/** A dependency is away for now; the unit waits and is run again. */
export class OutageError extends Error {
  override readonly name = 'OutageError'
}

export function messageOf (error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
