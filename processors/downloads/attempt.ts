/** What work is told about the attempt it is. */
export interface Attempt {
  /** Aborts the work; nothing of it is left behind, and it rejects with the signal's reason. */
  readonly signal: AbortSignal
  /** 1 for the first. */
  readonly attempt: number
}
