import type { ErrorClass } from '../../schemas/error-class.ts'

export interface WorkErrorOptions {
  readonly errorClass: ErrorClass
  /** What the other side answered, where it did. */
  readonly httpStatus?: number | undefined
  /** The other side does not want to be asked again before. */
  readonly retryAfterMs?: number | undefined
  readonly cause?: unknown
}

/** Why a file could not be fetched or stored, and what that says about trying again. */
export class WorkError extends Error {
  override readonly name = 'WorkError'
  readonly errorClass: ErrorClass
  readonly httpStatus: number | undefined
  readonly retryAfterMs: number | undefined

  constructor (message: string, { errorClass, httpStatus, retryAfterMs, cause }: WorkErrorOptions) {
    super(message, cause === undefined ? {} : { cause })
    this.errorClass = errorClass
    this.httpStatus = httpStatus
    this.retryAfterMs = retryAfterMs
  }
}

/** The class of whatever was thrown: what is not from here has never been seen. */
export function errorClassOf (error: unknown): ErrorClass {
  return error instanceof WorkError ? error.errorClass : 'unknown'
}
