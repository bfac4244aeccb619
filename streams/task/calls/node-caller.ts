import type { SpanContext } from '@opentelemetry/api'
import type { Clock } from '../../clock.ts'
import type { CallFailure } from '../../graph/async-processor.ts'
import type { AnyAsyncProcessor, CallOutcome } from '../../graph/calls.ts'
import type { StreamRecord } from '../../graph/record.ts'
import { FatalError, messageOf } from '../../errors.ts'
import type { Pauses } from '../../pauses.ts'
import type { Breaker, Permit } from '../../resilience/breaker.ts'
import { decide } from '../../resilience/decide.ts'
import { detour, type Detour } from '../../resilience/delay-topics.ts'
import { judge } from '../../resilience/error-class.ts'
import { RateLimiter } from '../../resilience/rate-limiter.ts'
import { originOf } from '../origin.ts'
import type { Trouble } from '../patience.ts'
import type { CallTrace } from '../tracing/call-trace.ts'
import type { Tracing } from '../tracing/tracing.ts'
import type { CallWindow, Visit } from './call-window.ts'
import { CallTimeout } from './call-timeout.ts'
import { retryHeaders } from './retry-record.ts'

export interface NodeCallerOptions {
  readonly applicationId: string
  readonly processor: AnyAsyncProcessor
  readonly clock: Clock
  readonly pauses: Pauses
  /** Of all that the node needs. */
  readonly breakers: readonly Breaker[]
  /** By the index of a delay, as the cluster calls them. */
  readonly retryTopics: readonly string[]
  /** Nothing is waited for any more for this record. */
  readonly answered: (visit: Visit) => void
  /** The process has to stop. */
  readonly failed: (error: unknown) => void
  /** A call has ended or begun to sleep. */
  readonly moved: () => void
  /** Told of every call that has ended by itself; left out: nobody counts. */
  readonly called?: (call: CallEnded) => void
  /** undefined: nothing is traced. */
  readonly tracing?: Tracing | undefined
}

export interface CallEnded {
  readonly node: string
  readonly outcome: 'done' | 'failed'
  readonly ms: number
}

export interface Call {
  readonly visit: Visit
  readonly record: StreamRecord
  /** Which of the record's calls it is. */
  readonly index: number
}

interface Attempt extends Call {
  /** How many attempts have failed, and count. */
  failed: number
  /** undefined: none has failed yet that counts. */
  firstFailedAtMs: number | undefined
  /** Since when it would be given up, were it certain that its dependencies are up; undefined: it has attempts left. */
  doubtedAtMs: number | undefined
  /** Since when it waits to be made. */
  waitsSince: number
  /** Of one that is tried again where it stands: what it failed on last. */
  lastError?: unknown
  /** Where calls are traced: the attempt before. */
  before: SpanContext | undefined
}

/** A record whose last attempt failed, and whose dependency may be down: the outcome of a later call tells. */
interface Doubtful {
  readonly attempt: Attempt
  readonly failure: CallFailure
  readonly cancel: () => void
}

interface Running {
  /** One, or those of a batch. */
  readonly attempts: readonly Attempt[]
  readonly controller: AbortController
  /** One of each breaker, in the order of the node's needs. */
  readonly permits: readonly Permit[]
  readonly begunAtMs: number
  readonly trace: CallTrace | undefined
  cancelTimeout: () => void
  /** How many of its waits by the clock are not over. */
  sleeping: number
}

/** Makes the calls of one node, over all tasks of this process: as many at once as it may, and none that a breaker or a rate holds back. */
export class NodeCaller {
  readonly #options: NodeCallerOptions
  readonly #limiter: RateLimiter | undefined
  #waiting: Attempt[] = []
  /** Given up, unless it turns out that the dependency is down. */
  readonly #doubtful = new Set<Doubtful>()
  /** Those that are tried again where they stand, after a while. */
  readonly #resting = new Set<Attempt>()
  #isHeld = false
  readonly #running = new Set<Running>()
  #wakeAt = Infinity
  #cancelWake: (() => void) | undefined

  constructor (options: NodeCallerOptions) {
    this.#options = options
    const { processor: { rateLimit } } = options
    this.#limiter = rateLimit === undefined ? undefined : new RateLimiter(rateLimit)
    for (const breaker of options.breakers) {
      breaker.listen({
        changed: ({ to }) => {
          if (to === 'open') this.#spareDoubtful()
          if (to === 'closed') options.pauses.over('breaker', options.processor.name)
          this.#pump()
        },
        freed: () => this.#pump()
      })
    }
  }

  /** Calls that are being made and do not sleep by the clock. */
  get awake (): number {
    let awake = 0
    for (const { sleeping } of this.#running) if (sleeping === 0) awake++
    return awake
  }

  /** Calls that are being made. */
  get running (): number {
    return this.#running.size
  }

  /** Whether records of this window wait for a breaker, for a rate, or for calls that have not had their time. Those that fail again and again in place do not. */
  waits (window: CallWindow): boolean {
    const { retry } = this.#options.processor
    if ([...this.#doubtful].some(({ attempt }) => attempt.visit.window === window)) return true
    const running = [...this.#running].flatMap(({ attempts }) => attempts)
    if (![...this.#waiting, ...running].some(({ visit }) => visit.window === window)) return false
    return this.#isBarred || this.#wakeAt < Infinity || running.some(({ failed }) => retry.kind !== 'in-place' || failed === 0)
  }

  /** A record of this window that is tried again where it stands; of several, the one that was tried most. */
  troubleOf (window: CallWindow): Trouble | undefined {
    let worst: Attempt | undefined
    for (const attempt of [...this.#resting, ...this.#waiting, ...[...this.#running].flatMap(({ attempts }) => attempts)]) {
      if (attempt.visit.window === window && attempt.lastError !== undefined && attempt.failed > (worst?.failed ?? 0)) worst = attempt
    }
    return worst === undefined ? undefined : { node: this.#options.processor.name, attempts: worst.failed, error: messageOf(worst.lastError) }
  }

  get #isBarred (): boolean {
    return this.#options.breakers.some(({ state }) => state !== 'closed')
  }

  /** No more calls are begun, until told otherwise. */
  holdBack (isHeld: boolean): void {
    this.#isHeld = isHeld
    this.#pump()
  }

  enqueue (call: Call): void {
    const { tried } = call.visit.item
    const failed = tried?.attempts ?? 0
    const attempt: Attempt = { ...call, failed, firstFailedAtMs: failed === 0 ? undefined : tried?.firstFailedAtMs, doubtedAtMs: undefined, waitsSince: 0, before: call.visit.item.trace?.attempt }
    const earlyMs = (tried?.dueAtMs ?? 0) - this.#options.clock.now()
    if (earlyMs > 0 && this.#goRoundAgain(attempt, earlyMs)) return
    if (attempt.failed > 0) this.#waitInFront(attempt)
    else this.#wait(attempt)
    this.#pump()
  }

  /** The records of this window are somebody else's now. */
  abort (window: CallWindow): void {
    this.#waiting = this.#waiting.filter(({ visit }) => visit.window !== window)
    for (const attempt of this.#resting) if (attempt.visit.window === window) this.#resting.delete(attempt)
    for (const running of this.#running) {
      if (!running.attempts.every(({ visit }) => visit.window.isClosed)) continue
      this.#running.delete(running)
      running.cancelTimeout()
      this.#release(running.permits)
      const reason = new Error('The task was given to another worker.')
      running.trace?.failed(reason)
      running.controller.abort(reason)
    }
    this.#pump()
  }

  #wait (attempt: Attempt): void {
    attempt.waitsSince = this.#options.clock.now()
    this.#waiting.push(attempt)
  }

  /** What was due at a certain time goes before what is here for the first time: under load it would be late by all of that. */
  #waitInFront (attempt: Attempt): void {
    attempt.waitsSince = this.#options.clock.now()
    const behind = this.#waiting.findIndex(({ failed }) => failed === 0)
    if (behind === -1) this.#waiting.push(attempt)
    else this.#waiting.splice(behind, 0, attempt)
  }

  #pump (): void {
    this.#beginCalls()
    // A probe that is out is still waited for.
    if (this.#options.breakers.length > 0 && (!this.#isBarred || this.#waiting.length + this.#running.size === 0)) this.#options.pauses.over('breaker', this.#options.processor.name)
  }

  #beginCalls (): void {
    const { processor, clock } = this.#options
    for (let at = 0; !this.#isHeld && at < this.#waiting.length && this.#running.size < processor.concurrency;) {
      const now = clock.now()
      const count = this.#countAt(at, now)
      const attempt = this.#waiting[at]
      if (count === 0 || attempt === undefined) return
      const permits = this.#admit(now)
      if (permits === undefined) return
      const permit = this.#limiter?.take(now, keyOf(attempt)) ?? true
      if (permit === true) {
        this.#start(this.#waiting.splice(at, count), permits)
        continue
      }
      this.#release(permits)
      this.#wake(permit.at)
      // What has used up its key's rate does not hold up other keys.
      if (processor.rateLimit?.perKey !== true) return
      at++
    }
  }

  /** How many of those that wait make the next call; 0: a batch waits for more. */
  #countAt (at: number, now: number): number {
    const { batch } = this.#options.processor.work
    if (batch === undefined) return 1
    const waiting = this.#waiting.length - at
    // What is tried again stands in front, and has waited for less.
    const dueAt = Math.min(now, ...this.#waiting.slice(at, at + batch.size).map(({ waitsSince }) => waitsSince)) + batch.withinMs
    if (waiting >= batch.size || dueAt <= now) return Math.min(waiting, batch.size)
    this.#wake(dueAt)
    return 0
  }

  /** Every breaker lets one call through, or none is made. */
  #admit (now: number): readonly Permit[] | undefined {
    const { breakers, pauses, processor } = this.#options
    const permits: Permit[] = []
    for (const breaker of breakers) {
      const permit = breaker.admit(now)
      if (permit === undefined) {
        this.#release(permits)
        pauses.waits('breaker', `the breaker of '${breaker.name}' is ${breaker.state}`, processor.name)
        this.#wake(breaker.admitsAt(now) ?? Infinity)
        return undefined
      }
      permits.push(permit)
    }
    return permits
  }

  #release (permits: readonly Permit[]): void {
    for (const [index, permit] of permits.entries()) this.#options.breakers[index]?.released(permit)
  }

  /** Looks again then, if nothing happens before. */
  #wake (at: number): void {
    const { clock } = this.#options
    if (at >= this.#wakeAt || at === Infinity) return
    this.#cancelWake?.()
    this.#wakeAt = at
    this.#cancelWake = clock.timer(Math.max(0, at - clock.now()), () => {
      this.#wakeAt = Infinity
      this.#cancelWake = undefined
      this.#pump()
    })
  }

  #start (attempts: readonly Attempt[], permits: readonly Permit[]): void {
    const { processor, clock, tracing } = this.#options
    const trace = tracing?.beginCall(processor.name, attempts.map(({ visit, before, failed }) => ({ trace: visit.item.trace, before, number: failed + 1 })))
    if (trace !== undefined) for (const attempt of attempts) attempt.before = trace.spanContext
    const controller = new AbortController()
    const running: Running = { attempts, controller, permits, begunAtMs: clock.now(), trace, sleeping: 0, cancelTimeout: () => {} }
    this.#running.add(running)
    running.cancelTimeout = clock.timer(processor.timeoutMs, () => {
      const timeout = new CallTimeout(processor.name, processor.timeoutMs)
      controller.abort(timeout)
      this.#failed(running, timeout)
    })
    const invoked = trace === undefined ? this.#invoke(running) : trace.run(async () => await this.#invoke(running))
    invoked
      .then(values => this.#succeeded(running, values), (error: unknown) => this.#failed(running, error))
      .catch((error: unknown) => this.#options.failed(error))
  }

  /** Resolves to one result per attempt. A function that throws before its first wait fails like one that rejects. */
  async #invoke (running: Running): Promise<readonly unknown[]> {
    const { processor: { name, work }, clock } = this.#options
    const { attempts, controller: { signal } } = running
    const shared = { signal, now: clock.now, sleep: async (ms: number) => await this.#sleep(running, ms) }
    if (work.batch !== undefined) {
      const results = await work.processBatch(attempts.map(({ record }) => record), { ...shared, idempotencyKeys: attempts.map(attempt => this.#idempotencyKeyOf(attempt)) })
      if (results.length !== attempts.length) throw new TypeError(`Node '${name}' was given ${attempts.length} records and answered with ${results.length} results.`)
      return results
    }
    const [attempt] = attempts
    if (attempt === undefined) return []
    return [await work.process(attempt.record, {
      ...shared, idempotencyKey: this.#idempotencyKeyOf(attempt), attempt: attempt.failed + 1, recordMetadata: attempt.visit.item.record
    })]
  }

  #idempotencyKeyOf ({ visit: { item }, index }: Attempt): string {
    return `${originOf(this.#options.applicationId, item)}/${this.#options.processor.name}#${index}`
  }

  async #sleep (running: Running, ms: number): Promise<void> {
    const { clock, moved } = this.#options
    const { signal } = running.controller
    signal.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const cancel = clock.timer(ms, resolve)
    const abort = (): void => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    running.sleeping++
    moved()
    try {
      await promise
    } finally {
      running.sleeping--
      cancel()
      signal.removeEventListener('abort', abort)
    }
  }

  #succeeded (running: Running, values: readonly unknown[]): void {
    if (!this.#ended(running, 'done')) return
    running.trace?.succeeded()
    const now = this.#options.clock.now()
    for (const [index, permit] of running.permits.entries()) this.#options.breakers[index]?.succeeded(permit, now)
    // It was up when this call was begun, which was after those had failed.
    for (const doubtful of this.#doubtful) if (doubtful.failure.failedAtMs <= running.begunAtMs) this.#confirm(doubtful)
    for (const [index, attempt] of running.attempts.entries()) {
      const value = values[index]
      if (value instanceof Error && this.#options.processor.work.batch !== undefined) this.#decide(attempt, value, { isUp: true })
      else this.#answer(attempt, { kind: 'done', value })
    }
    this.#pump()
    this.#options.moved()
  }

  #failed (running: Running, error: unknown): void {
    if (!this.#ended(running, 'failed')) return
    running.trace?.failed(error)
    const { processor: { retry }, breakers, clock } = this.#options
    const now = clock.now()
    const told = running.permits.map((permit, index) => breakers[index]?.failed(permit, now, error) ?? true)
    // Of a dependency that is down its records know nothing. Behind the others: the next probe is another record.
    const isSpoilt = told.includes(false) && judge(error, retry.classify).class === 'retryable'
    for (const attempt of running.attempts) {
      if (!isSpoilt) this.#decide(attempt, error)
      else if (this.#isTooOld(attempt, now)) this.#giveUp(attempt, { error, reason: 'too-old', now })
      else this.#wait(attempt)
    }
    this.#pump()
    this.#options.moved()
  }

  /** False: it had ended before, by its timeout or with its task. */
  #ended (running: Running, outcome: CallEnded['outcome']): boolean {
    running.cancelTimeout()
    if (!this.#running.delete(running)) return false
    const { processor, clock, called } = this.#options
    called?.({ node: processor.name, outcome, ms: clock.now() - running.begunAtMs })
    return true
  }

  /** `isUp`: the call itself went well, and the error is its answer for this record. */
  #decide (attempt: Attempt, error: unknown, { isUp } = { isUp: false }): void {
    const { processor: { retry, name }, clock, breakers } = this.#options
    const now = clock.now()
    attempt.failed++
    attempt.firstFailedAtMs ??= now
    const decision = decide(retry, { error, attempt: attempt.failed, firstFailedAt: attempt.firstFailedAtMs, now, random: Math.random() })
    switch (decision.kind) {
      case 'again': return this.#again(attempt, decision.afterMs, error)
      case 'delay': return this.#send(attempt, decision, error)
      case 'park':
        this.#traceRetry(attempt)
        attempt.visit.window.park(attempt.visit, { attempts: attempt.failed, firstFailedAtMs: attempt.firstFailedAtMs, dueAtMs: decision.dueAt })
        return this.#close(attempt)
      case 'dead-letter':
        if (decision.reason === 'poison' || isUp || breakers.length === 0) return this.#giveUp(attempt, { error, reason: decision.reason, now })
        return this.#doubt(attempt, { error, reason: decision.reason, now })
      case 'fatal': throw new FatalError(`Node '${name}' cannot go on: ${messageOf(error)}`, { cause: error })
    }
  }

  #giveUp (attempt: Attempt, failed: Given): void {
    this.#answer(attempt, { kind: 'failed', failure: failureOf(attempt, failed) })
  }

  /**
   * Not given up before a call that was begun later has gone well: with an outage that begins the first failures come before its breaker opens,
   * and where little is called it does not open by itself. Where nothing has gone well for as long as a call may take the dependency counts as down.
   */
  #doubt (attempt: Attempt, given: Given): void {
    const { clock, processor, breakers } = this.#options
    attempt.doubtedAtMs ??= given.now
    const { doubtedAtMs } = attempt
    const silent = (): readonly Breaker[] => breakers.filter(({ upAtMs }) => upAtMs <= doubtedAtMs)
    // It was up while this record waited as one of the probes.
    if (silent().length === 0) return this.#giveUp(attempt, given)
    const cancel = clock.timer(processor.timeoutMs, () => {
      const opened = attempt.visit.window.isClosed ? [] : silent().filter(breaker => breaker.trip(clock.now(), given.error))
      if (opened.length === 0) this.#confirm(doubtful)
    })
    const doubtful: Doubtful = { attempt, failure: failureOf(attempt, given), cancel }
    this.#doubtful.add(doubtful)
  }

  #confirm (doubtful: Doubtful): void {
    doubtful.cancel()
    if (!this.#doubtful.delete(doubtful)) return
    this.#answer(doubtful.attempt, { kind: 'failed', failure: doubtful.failure })
    this.#options.moved()
  }

  /** Of an outage without an end a record waits for no longer than it may be old. */
  #isTooOld ({ firstFailedAtMs = Infinity }: Attempt, now: number): boolean {
    return now - firstFailedAtMs > this.#options.processor.retry.maxAgeMs
  }

  /** The outage was to blame. */
  #spareDoubtful (): void {
    for (const { attempt, cancel } of this.#doubtful) {
      cancel()
      attempt.failed--
      if (!attempt.visit.window.isClosed) this.#wait(attempt)
    }
    this.#doubtful.clear()
  }

  #again (attempt: Attempt, afterMs: number, error: unknown): void {
    attempt.lastError = error
    this.#resting.add(attempt)
    this.#options.clock.timer(afterMs, () => {
      this.#resting.delete(attempt)
      if (attempt.visit.window.isClosed) return
      this.#waitInFront(attempt)
      this.#pump()
    })
  }

  #send (attempt: Attempt, { index, topicDelayMs, dueAt }: Detour, error: unknown): void {
    const { applicationId, retryTopics, clock } = this.#options
    this.#traceRetry(attempt)
    const { visit: { item }, failed, firstFailedAtMs = clock.now() } = attempt
    const { trace, record } = item
    const heldUntilMs = Math.min(dueAt, clock.now() + topicDelayMs)
    const topic = retryTopics[index]
    if (topic === undefined) throw new RangeError(`There is no retry topic for delay ${index}.`)
    item.detour = {
      topic,
      headers: retryHeaders(trace === undefined ? record : { ...record, headers: trace.ontoRetry(record.headers) }, { attempts: failed, firstFailedAtMs, dueAtMs: dueAt, heldUntilMs }, { applicationId, origin: originOf(applicationId, item), error })
    }
    this.#close(attempt)
  }

  /** The next attempt of the record is linked to this one. */
  #traceRetry ({ visit: { item: { trace } }, before }: Attempt): void {
    if (trace !== undefined) trace.attempt = before
  }

  /** Not due by its own time, though by its topic's: a topic holds one delay, and this one waits for longer. Not counted. */
  #goRoundAgain (attempt: Attempt, waitMs: number): boolean {
    const { processor: { retry }, clock } = this.#options
    if (retry.kind !== 'delay-topics') return false
    this.#send(attempt, detour(retry, { waitMs, now: clock.now() }), new Error('It is not due yet.'))
    return true
  }

  #answer (attempt: Attempt, outcome: CallOutcome): void {
    const { visit: { item }, index } = attempt
    item.calls ??= []
    item.calls[index] = outcome
    this.#close(attempt)
  }

  #close ({ visit }: Attempt): void {
    if (visit.window.isClosed) return
    if (--visit.open === 0) this.#options.answered(visit)
  }
}

interface Given {
  readonly error: unknown
  readonly reason: CallFailure['reason']
  readonly now: number
}

function failureOf ({ failed, firstFailedAtMs }: Attempt, { error, reason, now }: Given): CallFailure {
  return { error, reason, attempts: failed, firstFailedAtMs: firstFailedAtMs ?? now, failedAtMs: now }
}

function keyOf ({ visit: { item: { record: { key } } } }: Attempt): string {
  return key === null ? '' : key.toString('latin1')
}
