import type { Static, TObject } from 'typebox'
import { Compile } from 'typebox/compile'
import { mistakesIn, type Mistake } from './mistakes.ts'
import { shapeOf, isTidy } from './shape.ts'
import { isInWindow, windowMistake } from './time.ts'
import type { ContractSettings } from './settings.ts'

/** When the record was written; −1 where it does not say. */
export interface RecordTime { readonly timestamp: number }

/** Decides what a value may be. `accepts` is on the hot path; `explain` is asked only about what was refused. */
export interface Contract<T> {
  readonly name: string
  readonly accepts: (value: unknown, record: RecordTime) => value is T
  /** All mistakes in one message: where, what was found, what is wanted. */
  readonly explain: (value: unknown, record: RecordTime) => { readonly errorType: string, readonly message: string }
}

export interface Problem extends Mistake {
  /** window: the event is well formed, but its time does not fit its record's. */
  readonly errorType: 'schema' | 'window'
}

/** A contract that can also list the mistakes one by one, as HTTP answers want them. */
export interface EventContract<T> extends Contract<T> {
  readonly problems: (value: unknown, record: RecordTime) => readonly Problem[]
}

export interface EventContractOptions<S extends TObject> {
  readonly name: string
  readonly schema: S
  readonly timeField: 'ts_ms' | 'ts'
  readonly settings: ContractSettings
  /** What the schema cannot say. Given whatever came, also what the schema refuses. */
  readonly furtherMistakes?: (value: Readonly<Record<string, unknown>>) => readonly Mistake[]
}

/** A message travels in a header and a log line; a list of 500 broken items need not. */
const MAX_MISTAKES_IN_MESSAGE = 20

/** Joins a schema, the rules that it cannot express, and the time window into one check of about a quarter of a microsecond. */
export function defineEventContract<S extends TObject> (
  { name, schema, timeField, settings, furtherMistakes }: EventContractOptions<S>
): EventContract<Static<S>> {
  const validator = Compile(schema)
  const shape = shapeOf(schema)
  const window = { maxFutureMs: settings.CONTRACT_MAX_EVENT_FUTURE_MS, maxAgeMs: settings.CONTRACT_MAX_EVENT_AGE_MS }

  function accepts (value: unknown, record: RecordTime): value is Static<S> {
    if (!validator.Check(value) || !isRecord(value) || !isTidy(value, shape)) return false
    if (furtherMistakes !== undefined && furtherMistakes(value).length > 0) return false
    const time = value[timeField]
    return typeof time === 'number' && isInWindow(time, record.timestamp, window)
  }

  function problems (value: unknown, record: RecordTime): readonly Problem[] {
    const found = mistakesIn(schema, value)
    if (!isRecord(value)) return found.map(asSchemaProblem)
    const further = furtherMistakes?.(value) ?? []
    const all = [...found, ...further].map(asSchemaProblem)
    const time = value[timeField]
    if (typeof time !== 'number' || isInWindow(time, record.timestamp, window)) return all
    if (found.some(({ path }) => path === timeField)) return all
    return [...all, { path: timeField, message: windowMistake(time, record.timestamp, window), errorType: 'window' }]
  }

  function explain (value: unknown, record: RecordTime) {
    const all = problems(value, record)
    const named = all.slice(0, MAX_MISTAKES_IN_MESSAGE).map(({ path, message }) => path === '' ? message : `${path}: ${message}`)
    if (all.length > named.length) named.push(`and ${all.length - named.length} more`)
    const errorType = all.every(problem => problem.errorType === 'window') ? 'window' : 'schema'
    return { errorType, message: named.join('; ') }
  }

  return { name, accepts, explain, problems }
}

function asSchemaProblem (mistake: Mistake): Problem {
  return { ...mistake, errorType: 'schema' }
}

export function isRecord (value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
