import { createTraceState, isSpanContextValid, TraceFlags, trace, type Context, type SpanContext } from '@opentelemetry/api'

/** Our entry of `tracestate`: the attempt that a record which is tried again comes from. */
const ENTRY = 'millrace'

/** The attempt before, as the context of a record that comes back names it, and the context without it: what is behind is another matter. */
export function takeAttempt (context: Context): { readonly context: Context, readonly attempt: SpanContext | undefined } {
  const parent = trace.getSpanContext(context)
  const entry = parent?.traceState?.get(ENTRY)
  if (parent === undefined || entry === undefined) return { context, attempt: undefined }
  const [traceId = '', spanId = ''] = entry.split('-')
  const attempt = { traceId, spanId, traceFlags: parent.traceFlags, isRemote: true }
  const { traceState, ...rest } = parent
  const others = traceState?.unset(ENTRY)
  return {
    // One without an entry would be written as a header without a value.
    context: trace.setSpanContext(context, others === undefined || others.serialize() === '' ? rest : { ...rest, traceState: others }),
    attempt: isSpanContextValid(attempt) ? attempt : undefined
  }
}

/** The context with the attempt named in it, for whoever tries again. */
export function withAttempt (context: Context, { traceId, spanId }: SpanContext): Context {
  const { traceState = createTraceState(), ...span } = trace.getSpanContext(context) ?? { traceId, spanId, traceFlags: TraceFlags.NONE }
  return trace.setSpanContext(context, { ...span, traceState: traceState.set(ENTRY, `${traceId}-${spanId}`) })
}
