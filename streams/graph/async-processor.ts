import type { Static, TSchema } from 'typebox'
import { inPlace, type RetryPolicy } from '../resilience/retry.ts'
import type { Dependency } from '../resilience/dependency.ts'
import type { RateLimit } from '../resilience/rate-limit.ts'
import type { RecordMetadata, StreamRecord } from './record.ts'

/**
 * Which records wait for which. key: those of one key are worked on one after the other, in order (those without a key wait for nobody) ·
 * partition: all records of a partition · none: nobody waits, and what comes of them comes in the order in which they are done.
 */
export type CallOrder = 'key' | 'partition' | 'none'

export interface CallContext {
  /** Aborted when the time is over, and when the task is somebody else's: whoever heeds it frees what he holds. */
  readonly signal: AbortSignal
  /** The same for every attempt at this record in this node, also after a crash or a retry: a receiver that remembers it can leave out what it did before. */
  readonly idempotencyKey: string
  /** From 1 on. Attempts that a circuit breaker spoilt are not counted. */
  readonly attempt: number
  /** Where the record first came from. */
  readonly recordMetadata: RecordMetadata
  /** The engine's clock, which a test moves: milliseconds since 1970. */
  readonly now: () => number
  /** Waits by the engine's clock; rejects when `signal` is aborted. */
  readonly sleep: (ms: number) => Promise<void>
}

/** As `CallContext`, of several records at once: one idempotency key for each, in their order. */
export interface BatchContext extends Pick<CallContext, 'signal' | 'now' | 'sleep'> {
  readonly idempotencyKeys: readonly string[]
}

/** How many records a call takes at once. Of records that wait for each other only the first can be among them. */
export interface Batch {
  readonly size: number
  /** A call is made with fewer when the first of them has waited for so long. */
  readonly withinMs: number
}

/** Why a record's call was given up. */
export interface CallFailure {
  readonly error: unknown
  /** poison: trying again would not help · exhausted, too-old: the retry policy's bounds were met. */
  readonly reason: 'poison' | 'exhausted' | 'too-old'
  /** How many attempts were counted. */
  readonly attempts: number
  readonly firstFailedAtMs: number
  readonly failedAtMs: number
}

/**
 * A node that waits for something outside: HTTP, object storage. It begins a sub-topology, so that only those records wait which
 * have to.
 *
 * Delivered twice: after a crash the calls that were in flight are made again, with the same idempotency key. What comes of a call is
 * committed once.
 */
export interface AsyncProcessor<In, Out> {
  /** Tells it from one that does not wait. */
  readonly isAsync: true
  readonly name: string
  readonly order: CallOrder
  /** The most calls at once, over all tasks of a process. */
  readonly concurrency: number
  readonly timeoutMs: number
  readonly retry: RetryPolicy
  /** While the breaker of one of them is open no call is made. A record whose attempts are used up opens it too, unless a call has gone well since: it is then tried once per cooldown, until another works or it is too old. */
  readonly needs: readonly Dependency[]
  readonly rateLimit: RateLimit | undefined
  readonly work: CallWork<In, Out>
  /** What goes on in place of a result, beside the dead letter; acts on nothing but what it is given. */
  readonly onFailure: ((record: StreamRecord<unknown, In>, failure: CallFailure) => Out | undefined) | undefined
}

/** One record or several at a time. */
export type CallWork<In, Out> =
  | {
    /** Resolves to what goes on under the record's key; undefined: nothing does. */
    readonly process: (record: StreamRecord<unknown, In>, context: CallContext) => Promise<Out | undefined>
    readonly batch?: never
    readonly processBatch?: never
  }
  | {
    readonly batch: Batch
    /** Resolves to one of those for each record, in their order; an Error in its place is the failure of that record alone. */
    readonly processBatch: (records: readonly StreamRecord<unknown, In>[], context: BatchContext) => Promise<readonly (Out | undefined | Error)[]>
    readonly process?: never
  }

export type AsyncProcessorOptions<In, Out> = CallWork<In, Out> & {
  readonly name: string
  /** Left out: key. */
  readonly order?: CallOrder
  /** Left out: 16. */
  readonly concurrency?: number
  /** Left out: 30 seconds. */
  readonly timeoutMs?: number
  /** Left out: in place, for as long as the error is one that may pass. */
  readonly retry?: RetryPolicy
  readonly needs?: readonly Dependency[]
  /** Of calls: a batch is one. */
  readonly rateLimit?: RateLimit
  readonly onFailure?: (record: StreamRecord<unknown, In>, failure: CallFailure) => Out | undefined
}

const CONCURRENCY = 16
const TIMEOUT_MS = 30_000

/** A dependency that is away is waited for, however long: nothing becomes a dead letter by an outage. */
const patiently = inPlace({ delays: { first: '100ms', factor: 2, max: '30s' }, jitter: 0.5, attempts: Infinity })

export function defineAsyncProcessor<In extends TSchema, Out extends TSchema | undefined = undefined> (
  { name, order = 'key', concurrency = CONCURRENCY, timeoutMs = TIMEOUT_MS, retry = patiently, needs = [], rateLimit, onFailure, ...work }:
  AsyncProcessorOptions<Static<In>, Out extends TSchema ? Static<Out> : never> & {
    readonly input: In
    /** Left out: the line ends here. */
    readonly output?: Out
  }
): AsyncProcessor<Static<In>, Out extends TSchema ? Static<Out> : never> {
  checkCount(name, 'concurrency', concurrency)
  checkCount(name, 'timeoutMs', timeoutMs)
  return Object.freeze({ isAsync: true, name, order, concurrency, timeoutMs, retry, needs, rateLimit, onFailure, work: workOf(name, work) })
}

function workOf<In, Out> (name: string, { process, batch, processBatch }: CallWork<In, Out>): CallWork<In, Out> {
  if (batch === undefined) {
    if (typeof process !== 'function') throw new TypeError(`Processor '${name}' has neither process nor batch with processBatch.`)
    return { process }
  }
  checkCount(name, 'batch.size', batch.size)
  checkCount(name, 'batch.withinMs', batch.withinMs)
  return { batch, processBatch }
}

function checkCount (name: string, option: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1) throw new TypeError(`Processor '${name}' has ${option} ${value}; it is a whole number above zero.`)
}
