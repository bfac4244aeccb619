/** A topology that cannot run as it is written: the engineer's to mend, found when it is built. */
export class TopologyError extends Error {
  override readonly name = 'TopologyError'
}

/** Something a human must mend before the process can go on: stop, and say what to do. */
export class FatalError extends Error {
  override readonly name = 'FatalError'
}

export function messageOf (error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
