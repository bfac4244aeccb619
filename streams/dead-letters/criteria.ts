import type { DeadLetter } from './dead-letter.ts'

/** Which dead letters are meant: those that fit all that is given. */
export interface Criteria {
  /** fatal, retryable, poison or unknown. */
  readonly errorClass?: string | undefined
  /** The error code, or the class of the exception, with or without its package. */
  readonly error?: string | undefined
  readonly node?: string | undefined
  /** The topic where they come from. */
  readonly source?: string | undefined
  /** When they failed; where a letter does not say, its timestamp counts. */
  readonly sinceMs?: number | undefined
  readonly untilMs?: number | undefined
  readonly key?: string | undefined
  readonly headers?: readonly (readonly [name: string, value: string])[] | undefined
  /** By the value, where that is JSON. */
  readonly where?: ((value: unknown) => Promise<boolean>) | undefined
}

export async function fits (letter: DeadLetter, criteria: Criteria): Promise<boolean> {
  if (!fitsFacts(letter, criteria)) return false
  if (criteria.where === undefined) return true
  const value = jsonOf(letter.value)
  return value !== undefined && await criteria.where(value)
}

/** When it failed, as far as it says. */
export function timeOf ({ failedAtMs, timestamp }: Pick<DeadLetter, 'failedAtMs' | 'timestamp'>): number {
  return failedAtMs ?? timestamp
}

/** What went wrong, in as few words as it has: the code, else the class of the exception without its package. */
export function errorOf ({ errorCode, exception }: Pick<DeadLetter, 'errorCode' | 'exception'>): string | undefined {
  return errorCode ?? (exception === undefined ? undefined : shortName(exception))
}

function fitsFacts (letter: DeadLetter, { errorClass, error, node, source, sinceMs = -Infinity, untilMs = Infinity, key, headers = [] }: Criteria): boolean {
  const time = timeOf(letter)
  return (errorClass === undefined || letter.errorClass === errorClass) &&
    (error === undefined || letter.errorCode === error || letter.exception === error || errorOf(letter) === error) &&
    (node === undefined || letter.node === node) &&
    (source === undefined || letter.origin?.topic === source) &&
    time >= sinceMs && time < untilMs &&
    (key === undefined || letter.key?.toString() === key) &&
    headers.every(([name, value]) => letter.headers.some(each => each[0] === name && (each[1]?.toString() ?? '') === value))
}

function shortName (exception: string): string {
  return exception.slice(exception.lastIndexOf('.') + 1)
}

function jsonOf (value: Buffer | null): unknown {
  if (value === null) return undefined
  try {
    return JSON.parse(value.toString())
  } catch {
    return undefined
  }
}
