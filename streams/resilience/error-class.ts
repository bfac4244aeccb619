import { FatalError } from '../errors.ts'
import { DecodeError } from '../serdes/decode-error.ts'

/** retryable: may pass another time · poison: fails the same way each time · fatal: somebody must mend something, stop. */
export type ErrorClass = 'retryable' | 'poison' | 'fatal'

/** What to do about an error. `retryAfterMs` is how long whoever failed wants to be left alone. */
export interface Verdict {
  readonly class: ErrorClass
  readonly retryAfterMs?: number
}

/** Says what to do about an error; undefined where `classifyError` is right. */
export type Classify = (error: unknown) => ErrorClass | { readonly class: 'retryable', readonly retryAfterMs: number } | undefined

/** A wait that is asked for comes from outside: nobody holds a record up for longer than this. */
export const MAX_RETRY_AFTER_MS = 24 * 3_600_000

const CLASSES: ReadonlySet<unknown> = new Set<ErrorClass>(['retryable', 'poison', 'fatal'])

/** What the same code throws for the same input, each time. */
const DETERMINISTIC = [TypeError, SyntaxError, RangeError, ReferenceError, URIError, DecodeError]

/**
 * The class of an error that nobody else classifies: retryable, as timeouts and refused connections are, but for programming errors and
 * values that cannot be decoded, which are poison, and `FatalError`.
 *
 * `fetch` says TypeError when the network fails. Such an error is what its cause is.
 */
export function classifyError (error: unknown): ErrorClass {
  if (error instanceof FatalError) return 'fatal'
  let seen = error
  // No chain of causes is that long, except one that bites its tail.
  for (let depth = 0; depth < 10 && isDeterministic(seen); depth++) {
    if (!(seen.cause instanceof Error)) return 'poison'
    seen = seen.cause
  }
  return 'retryable'
}

/**
 * What `classify` says, or `classifyError` where it says nothing, nothing that is known, or throws: a mistake there must not stop a
 * partition. A `retryAfterMs` of the verdict or else of the error itself is kept within bounds; what is no number of milliseconds is ignored.
 */
export function judge (error: unknown, classify: Classify): Verdict {
  const said = ask(classify, error)
  const verdict = typeof said === 'object' ? said : { class: said }
  const known = CLASSES.has(verdict?.class) ? verdict?.class : undefined
  const errorClass = known ?? classifyError(error)
  if (errorClass !== 'retryable') return { class: errorClass }
  const retryAfterMs = readRetryAfter(verdict) ?? readRetryAfter(error)
  return retryAfterMs === undefined ? { class: errorClass } : { class: errorClass, retryAfterMs }
}

function ask (classify: Classify, error: unknown): ReturnType<Classify> {
  try {
    return classify(error)
  } catch {
    return undefined
  }
}

function readRetryAfter (holder: unknown): number | undefined {
  if (typeof holder !== 'object' || holder === null || !('retryAfterMs' in holder)) return undefined
  const { retryAfterMs } = holder
  return typeof retryAfterMs === 'number' && retryAfterMs >= 0 ? Math.min(retryAfterMs, MAX_RETRY_AFTER_MS) : undefined
}

function isDeterministic (error: unknown): error is Error {
  return DETERMINISTIC.some(kind => error instanceof kind)
}
