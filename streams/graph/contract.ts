import type { Static, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'

/** What is wrong with a value, in the words of the dead-letter envelope. */
export interface Refusal {
  readonly errorType: string
  readonly message: string
}

export interface RecordTime {
  /** The record's own timestamp, −1 where it has none. A contract never asks the clock, so that a replay decides alike. */
  readonly timestamp: number
}

/** A check with a type. */
export interface Contract<T> {
  readonly name: string
  readonly accepts: (value: unknown, record: RecordTime) => value is T
  /** Called only for what was refused, so it may be slow; names every mistake. */
  readonly explain: (value: unknown, record: RecordTime) => Refusal
}

/** A value that was turned away. Bad data is a value, not an exception: it flows to the dead letters as any record flows. */
export class Rejected implements Refusal {
  /** What merely looks like one is none, for the compiler too. */
  readonly #isRejected = true
  readonly errorType: string
  readonly message: string
  /** What was turned away, where it could be decoded: not checked, and so nobody knows what it is. */
  readonly value: unknown

  constructor ({ errorType, message }: Refusal, value?: unknown) {
    this.errorType = errorType
    this.message = message
    this.value = value
  }
}

/**
 * What a stream has to be to be grouped, joined or made a table: one whose values were not turned away. `B` is left to its default; it stands
 * in the method's own parameters, so that streams stay assignable as their values are.
 */
export type WithoutRejects<V, B> = Readonly<Record<V extends B ? 'values may be Rejected: branch them off first, with branch({ valid: isValid, dlq: isRejected })' : never, never>>

export function isRejected (value: unknown): value is Rejected {
  return value instanceof Rejected
}

export function isValid<T> (value: T): value is Exclude<T, Rejected> {
  return !(value instanceof Rejected)
}

/** A schema is a contract without further rules. */
export function contractOf<S extends TSchema> (schema: S, name: string): Contract<Static<S>> {
  const compiled = Compile(schema)
  return {
    name,
    accepts: (value): value is Static<S> => compiled.Check(value),
    explain: value => ({
      errorType: 'schema',
      message: compiled.Errors(value).map(({ instancePath, message }) => `${instancePath === '' ? 'value' : instancePath} ${message}`).join('; ')
    })
  }
}

export function isContract<T> (candidate: Contract<T> | TSchema): candidate is Contract<T> {
  return 'accepts' in candidate && typeof candidate.accepts === 'function'
}
