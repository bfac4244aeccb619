import { networkFailure } from './http-failure.ts'
import { WorkError } from './work-error.ts'

export interface WorkOptions {
  readonly signal: AbortSignal
  /** For all of it, from the first name that is resolved to the last byte. */
  readonly timeoutMs: number
  /** Who is asked, for messages. */
  readonly host: string
}

/** Runs something that may take too long: rejects with the reason of the signal, or with a `WorkError`, and with nothing else. */
export async function work<T> ({ signal, timeoutMs, host }: WorkOptions, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const timeout = new AbortController()
  const timer = setTimeout(() => timeout.abort(), timeoutMs)
  try {
    return await run(AbortSignal.any([signal, timeout.signal]))
  } catch (error) {
    signal.throwIfAborted()
    if (timeout.signal.aborted) throw new WorkError(`${host} was not done within ${timeoutMs} ms.`, { errorClass: 'transient', cause: error })
    throw networkFailure(error, host)
  } finally {
    clearTimeout(timer)
  }
}
