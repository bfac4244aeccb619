import { context, ROOT_CONTEXT, SpanStatusCode, trace, type Link, type Span, type SpanContext, type Tracer } from '@opentelemetry/api'
import { messageOf } from '../../errors.ts'
import type { RecordTrace } from './record-trace.ts'

/** A record that a call is made for. */
export interface TracedAttempt {
  readonly trace: RecordTrace | undefined
  /** The attempt before. */
  readonly before: SpanContext | undefined
  /** How often it was tried, this time included. */
  readonly number: number
}

/** The span of one attempt at a call, in whose context the function runs. */
export class CallTrace {
  readonly #span: Span
  readonly #context

  /** A batch has many parents, which a span has not: it is linked to its records, in a trace of its own. */
  constructor (tracer: Tracer, node: string, attempts: readonly TracedAttempt[]) {
    const [first] = attempts
    const isAlone = attempts.length === 1
    const parent = isAlone ? first?.trace?.context ?? ROOT_CONTEXT : ROOT_CONTEXT
    const links = attempts.flatMap(({ trace: record, before }): Link[] => [
      ...isAlone || record === undefined ? [] : linkTo(trace.getSpanContext(record.context)),
      ...linkTo(before)
    ])
    this.#span = tracer.startSpan(node, {
      attributes: { 'millrace.node': node, ...(isAlone && first !== undefined ? { 'millrace.attempt': first.number } : { 'messaging.batch.message_count': attempts.length }) },
      links
    }, parent)
    this.#context = trace.setSpan(parent, this.#span)
  }

  get spanContext (): SpanContext {
    return this.#span.spanContext()
  }

  /** What the function does is below this span, where the tracing of it knows contexts. */
  run<T> (work: () => T): T {
    return context.with(this.#context, work)
  }

  succeeded (): void {
    this.#span.end()
  }

  failed (error: unknown): void {
    this.#span.recordException(error instanceof Error ? error : messageOf(error))
    this.#span.setAttribute('error.type', error instanceof Error ? error.name : 'Error')
    this.#span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(error) })
    this.#span.end()
  }
}

function linkTo (context: SpanContext | undefined): Link[] {
  return context === undefined ? [] : [{ context }]
}
