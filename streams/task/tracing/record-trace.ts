import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Context, type Span, type SpanContext, type Tracer } from '@opentelemetry/api'
import type { LogHeader } from '../../log/log.ts'
import type { Failure, RecordItem } from '../item.ts'
import { takeAttempt, withAttempt } from './attempt-before.ts'
import { extractFrom, injected, replaced } from './headers.ts'

/** What became of a record when its unit was committed, or with its task. */
export type RecordOutcome = 'done' | 'dead-letter' | 'delayed' | 'parked' | 'given-away'

/** The span of one record on its way through a unit. It lives with the record's item, so that a unit that is run again writes the same bytes. */
export class RecordTrace {
  readonly #span: Span
  /** What comes of the record is below this. */
  readonly context: Context
  /** The last attempt at its call, which the next one is linked to. */
  attempt: SpanContext | undefined
  /** In the last run: why it is a dead letter. */
  failure: Failure | undefined
  #runs = 0
  #nodes: readonly string[] = []
  #headers: readonly LogHeader[] | undefined

  constructor (tracer: Tracer, applicationId: string, { record, task }: RecordItem) {
    const { topic, partition, offset, value, headers } = record
    const { context, attempt } = takeAttempt(extractFrom(ROOT_CONTEXT, headers))
    this.attempt = attempt
    this.#span = tracer.startSpan(`process ${topic}`, {
      kind: SpanKind.CONSUMER,
      attributes: {
        'messaging.system': 'kafka',
        'messaging.operation.name': 'process',
        'messaging.operation.type': 'process',
        'messaging.destination.name': topic,
        'messaging.destination.partition.id': String(partition),
        'messaging.kafka.offset': offset,
        'messaging.consumer.group.name': applicationId,
        ...(value === null ? { 'messaging.kafka.message.tombstone': true } : {}),
        'millrace.task': task.name
      }
    }, context)
    this.context = trace.setSpan(context, this.#span)
  }

  /** Whether somebody will look at more than its ids. */
  get isRecording (): boolean {
    return this.#span.isRecording()
  }

  /** The headers of what the record leads to. */
  onto (headers: readonly LogHeader[]): readonly LogHeader[] {
    this.#headers ??= injected(this.context)
    return replaced(headers, this.#headers)
  }

  /** The record's own headers where it waits for another attempt. */
  ontoRetry (headers: readonly LogHeader[]): readonly LogHeader[] {
    return this.attempt === undefined ? this.onto(headers) : replaced(headers, injected(withAttempt(this.context, this.attempt)))
  }

  /** Once more; these nodes were reached. */
  ran (nodes: readonly string[]): void {
    this.#runs++
    this.#nodes = nodes
  }

  end (outcome: RecordOutcome): void {
    if (this.#span.isRecording()) {
      this.#span.setAttributes({ 'millrace.outcome': outcome, 'millrace.runs': this.#runs, 'millrace.nodes': [...this.#nodes] })
      if (outcome === 'dead-letter' && this.failure !== undefined) this.#recordFailure(this.failure)
    }
    this.#span.end()
  }

  #recordFailure ({ rejected: { errorType, message }, node, cause }: Failure): void {
    this.#span.recordException(cause instanceof Error ? cause : { name: errorType, message })
    this.#span.setAttributes({ 'error.type': errorType, 'millrace.failed_node': node })
    this.#span.setStatus({ code: SpanStatusCode.ERROR, message })
  }
}
