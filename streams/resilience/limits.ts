import { readMs, type Duration } from './duration.ts'
import { classifyError, type Classify } from './error-class.ts'

/** When to give a record up, in every way to retry. */
export interface LimitOptions {
  /** Calls in all, the first one included. Left out: one more than delays are listed. More than that: the last delay again and again. `Infinity`: until it works or is too old. */
  readonly attempts?: number
  /** No attempt is made later than this after the first failure. Left out: any age. */
  readonly maxAge?: Duration
  /** Left out: `classifyError`. */
  readonly classify?: Classify
}

export interface Limits {
  readonly attempts: number
  readonly maxAgeMs: number
  readonly classify: Classify
}

/** `listed` is how many delays there are, where they are listed. What would be tried for ever unasked is refused. */
export function readLimits (policy: string, { attempts, maxAge, classify = classifyError }: LimitOptions, listed?: number): Limits {
  if (attempts === undefined && listed === undefined && maxAge === undefined) {
    throw new TypeError(`${policy}: neither attempts nor maxAge is given, so a record that never works would be tried for ever; give one of them, or attempts: Infinity if you mean it.`)
  }
  if (attempts !== undefined && attempts !== Infinity && (!Number.isSafeInteger(attempts) || attempts < 1)) {
    throw new TypeError(`${policy}: attempts is ${attempts}; give a whole number from 1 on, which counts the first call, or Infinity.`)
  }
  if (typeof classify !== 'function') throw new TypeError(`${policy}: classify is no function.`)
  return {
    attempts: attempts ?? (listed === undefined ? Infinity : listed + 1),
    maxAgeMs: maxAge === undefined ? Infinity : readMs(`${policy}: maxAge`, maxAge),
    classify
  }
}
