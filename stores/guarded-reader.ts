import { NotLevelError, type AnswersOf, type Question, type StateReader } from '../streams/index.ts'

export interface GuardedReaderOptions {
  readonly reader: StateReader
  /** How long it may be silent; while it answers others it is only busy, and may take five times as long. */
  readonly timeoutMs: number
  /** Told of every failure, not of the questions that were refused because of it. */
  readonly onFailure?: (error: unknown) => void
  /** Milliseconds on any clock that does not jump; for tests. */
  readonly now?: () => number
}

/** Counted by questions that were asked one after the other: a pause of 100 ms fails many at once, and is no more than one failure. */
const FAILURES_IN_A_ROW = 3

/** Asking elsewhere costs more than waiting does, and takes what a busy machine lacks; this long people do not notice. */
const PATIENCE = 5

/** After those every further question would wait for its timeout. Then one question finds out whether it is over. */
const REST_MS = 250

/** A projection that is being built says so at once and without harm; asking ten times a second sees its end soon enough. */
const NOT_LEVEL_REST_MS = 100

/** A reader that fails in time, and is left in peace while it does nothing but fail: meanwhile every question rejects with the last error. */
export function openGuardedReader ({ reader, timeoutMs, onFailure, now = () => performance.now() }: GuardedReaderOptions): StateReader {
  let failures = 0
  let failedAt = -Infinity
  let restsUntil = -Infinity
  let lastError: unknown
  let probing = false
  let answeredAt = -Infinity
  const isSilent = (): boolean => now() - answeredAt >= timeoutMs

  function failed (error: unknown, askedAt: number): void {
    lastError = error
    if (error instanceof NotLevelError) {
      failures = 0
      restsUntil = now() + NOT_LEVEL_REST_MS
    } else if (askedAt >= failedAt) {
      failedAt = now()
      if (++failures >= FAILURES_IN_A_ROW) restsUntil = failedAt + REST_MS
    }
    onFailure?.(error)
  }

  async function read<const Q extends readonly Question[]> (questions: Q): Promise<AnswersOf<Q>> {
    const askedAt = now()
    const probes = failures >= FAILURES_IN_A_ROW
    if (askedAt < restsUntil || (probes && probing)) throw lastError
    probing = probes
    try {
      const answers = await inTime(reader.read(questions), { ms: timeoutMs, now, isSilent })
      failures = 0
      answeredAt = now()
      return answers
    } catch (error) {
      failed(error, askedAt)
      throw error
    } finally {
      if (probes) probing = false
    }
  }

  return { read }
}

interface Wait {
  readonly ms: number
  readonly now: () => number
  readonly isSilent: () => boolean
}

/**
 * The timer alone would blame the reader for our own delays: after a long turn of the event loop timers run first, and only then what has
 * arrived meanwhile is read, 64 KiB in a turn. So the answer gets the rest of that turn, and as long again where the timer was late.
 */
async function inTime<T> (answer: Promise<T>, { ms, now, isSilent }: Wait): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  let waited = 0
  let dueAt = now() + ms
  const look = (): void => {
    const isLate = now() - dueAt > ms / 2
    if (++waited >= PATIENCE || (!isLate && isSilent())) return reject(new Error(`The projection took more than ${ms * waited} ms.`))
    dueAt = now() + ms
    timer = setTimeout(setImmediate, ms, look)
  }
  let timer = setTimeout(setImmediate, ms, look)
  const over = (): void => {
    // A look that is on its way already arms nothing anew.
    waited = PATIENCE
    clearTimeout(timer)
  }
  answer.then(value => { over(); resolve(value) }, (error: unknown) => { over(); reject(error) })
  return await promise
}
