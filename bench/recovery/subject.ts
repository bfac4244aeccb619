import type { Owner } from '../lib/owner.ts'
import type { CountingRun } from '../counting/subject.ts'

export interface Recovered {
  /** From the kill to the first progress behind it. */
  readonly ms: number
  /** How the result differs from the model's; null: it does not, undefined: it was not looked at. */
  readonly mistake?: string | null
}

/** Somebody who counts, is killed in the middle, and goes on. */
export interface RecoverySubject {
  readonly name: string
  readonly isPeer: boolean
  readonly run: (owner: Owner, run: CountingRun) => Promise<Recovered>
}

/** Killed when so much of the log is worked off: the first commits are behind it, and the last is not near. */
export const KILLED_AT = 0.2
