import { NotLevelError, type AnswersOf, type Question, type StateReader } from '../streams/index.ts'

/** It has failed a moment ago and is not asked again yet. */
export class RestingError extends Error {
  override readonly name = 'RestingError'
}

export interface GuardedReaderOptions {
  readonly reader: StateReader
  /** How long an answer may take. */
  readonly timeoutMs: number
  /** Told of every failure, not of the questions that were refused because of it. */
  readonly onFailure?: (error: unknown) => void
  /** Milliseconds on any clock that does not jump; for tests. */
  readonly now?: () => number
}

const FAILURES_IN_A_ROW = 3

/** After so many failures in a row every further question would wait for its timeout. Then one question finds out whether that is over. */
const REST_MS = 1_000

/** A projection that is being built says so at once and without harm; asking ten times a second sees its end soon enough. */
const NOT_LEVEL_REST_MS = 100

/** A reader that fails in time, and is left in peace while it does nothing but fail. */
export function openGuardedReader ({ reader, timeoutMs, onFailure, now = () => performance.now() }: GuardedReaderOptions): StateReader {
  let failures = 0
  let restsUntil = -Infinity
  let probing = false

  function failed (error: unknown): void {
    if (error instanceof NotLevelError) {
      failures = 0
      restsUntil = now() + NOT_LEVEL_REST_MS
    } else if (++failures >= FAILURES_IN_A_ROW) restsUntil = now() + REST_MS
    onFailure?.(error)
  }

  async function read<const Q extends readonly Question[]> (questions: Q): Promise<AnswersOf<Q>> {
    const probes = failures >= FAILURES_IN_A_ROW
    if (now() < restsUntil || (probes && probing)) throw new RestingError('The projection has failed a moment ago.')
    probing = probes
    try {
      const answers = await inTime(reader.read(questions), timeoutMs)
      failures = 0
      return answers
    } catch (error) {
      failed(error)
      throw error
    } finally {
      if (probes) probing = false
    }
  }

  return { read }
}

/**
 * The timer alone would blame the reader for our own delays: after a long turn of the event loop timers run first, and
 * only then what has arrived meanwhile is read. So the answer gets the rest of that turn.
 */
async function inTime<T> (answer: Promise<T>, ms: number): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => setImmediate(() => reject(new Error(`The projection took more than ${ms} ms.`))), ms)
  try {
    return await Promise.race([answer, promise])
  } finally {
    clearTimeout(timer)
  }
}
