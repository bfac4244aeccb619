import { ProxyTracerProvider, trace, type Tracer } from '@opentelemetry/api'
import type { Item, RecordItem } from '../item.ts'
import type { Task } from '../task.ts'
import { CallTrace, type TracedAttempt } from './call-trace.ts'
import { RecordTrace, type RecordOutcome } from './record-trace.ts'

/** The spans of the records and calls of one worker. */
export class Tracing {
  readonly #tracer: Tracer
  readonly #applicationId: string
  /** Records whose spans have not ended. */
  readonly #open = new Map<RecordItem, RecordTrace>()

  constructor (tracer: Tracer, applicationId: string) {
    this.#tracer = tracer
    this.#applicationId = applicationId
  }

  /** A record is run, be it again. */
  begin (item: RecordItem): RecordTrace {
    if (item.trace !== undefined) return item.trace
    const begun = new RecordTrace(this.#tracer, this.#applicationId, item)
    item.trace = begun
    this.#open.set(item, begun)
    return begun
  }

  beginCall (node: string, attempts: readonly TracedAttempt[]): CallTrace {
    return new CallTrace(this.#tracer, node, attempts)
  }

  /** The unit with these records is committed. */
  committed (items: readonly Item[]): void {
    for (const item of items) if (item.record !== undefined) this.#end(item, outcomeOf(item))
  }

  /** The tasks that are ours from now on. */
  hold (tasks: readonly Task[]): void {
    for (const item of this.#open.keys()) if (!tasks.includes(item.task)) this.#end(item, 'given-away')
  }

  #end (item: RecordItem, outcome: RecordOutcome): void {
    this.#open.get(item)?.end(outcome)
    this.#open.delete(item)
  }
}

/** undefined: nobody has registered a tracer provider by now, and nothing is traced. */
export function openTracing (applicationId: string): Tracing | undefined {
  const provider = trace.getTracerProvider()
  // Before anybody has registered one the API answers with a proxy of nothing.
  if (provider instanceof ProxyTracerProvider && provider.getDelegateTracer('millrace') === undefined) return undefined
  return new Tracing(provider.getTracer('millrace'), applicationId)
}

function outcomeOf ({ failure, parking, detour, trace: record }: RecordItem): RecordOutcome {
  if (failure !== undefined || record?.failure !== undefined) return 'dead-letter'
  if (parking !== undefined) return 'parked'
  return detour === undefined ? 'done' : 'delayed'
}
