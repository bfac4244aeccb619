import type { ErrorClass } from '../../schemas/error-class.ts'
import { readRetryAfter } from './retry-after.ts'
import { WorkError } from './work-error.ts'

const PERMANENT = new Set([400, 401, 403, 404, 405, 410, 451])
const TRANSIENT = new Set([408, 425, 429])

/** What an answer other than the file says about asking again. */
export function classOfStatus (status: number): ErrorClass {
  if (PERMANENT.has(status)) return 'permanent'
  return TRANSIENT.has(status) || status >= 500 ? 'transient' : 'unknown'
}

export interface Answer {
  readonly status: number
  readonly retryAfter: string | undefined
}

/** `host` is all that is said of the address: the rest of it may be a secret. */
export function answerFailure ({ status, retryAfter }: Answer, host: string, nowMs: number): WorkError {
  const errorClass = classOfStatus(status)
  return new WorkError(`${host} answered ${status}.`, {
    errorClass, httpStatus: status, retryAfterMs: errorClass === 'transient' ? readRetryAfter(retryAfter, nowMs) : undefined
  })
}

/** Connections that were refused, reset, cut or too slow, of Node and of its HTTP client; and a resolver that does not answer for now. */
const BROKEN = new Set([
  'ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENETDOWN', 'EHOSTDOWN', 'EAI_AGAIN', 'ABORT_ERR',
  'UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'UND_ERR_SOCKET', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'REQUEST_SEND_ERROR'
])

/** Whatever went wrong between us and `host`; a `WorkError` among its causes stands for all of it. */
export function networkFailure (error: unknown, host: string): WorkError {
  for (const cause of causesOf(error)) {
    if (cause instanceof WorkError) return cause
  }
  const broken = causesOf(error).some(({ code }) => typeof code === 'string' && BROKEN.has(code))
  const message = error instanceof Error ? error.message : String(error)
  return new WorkError(`${host} could not be asked, or its answer not kept: ${message === '' ? 'no reason was given' : message}.`, { errorClass: broken ? 'transient' : 'unknown', cause: error })
}

/** The error, what caused it, and what its attempts at several addresses came to. */
function causesOf (error: unknown, depth = 0): (Error & { readonly code?: unknown })[] {
  if (!(error instanceof Error) || depth > 8) return []
  const inside = error instanceof AggregateError ? error.errors : []
  return [error, ...[error.cause, ...inside].flatMap(cause => causesOf(cause, depth + 1))]
}
