import type { TestContext } from 'node:test'
import { context, propagation, trace, type SpanContext } from '@opentelemetry/api'
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor, type ReadableSpan } from '@opentelemetry/sdk-trace-node'
import type { LogHeader } from '../../streams/log/log.ts'

export interface Spans {
  /** Ended ones, in the order in which they ended. */
  readonly all: () => readonly ReadableSpan[]
  readonly named: (name: string) => readonly ReadableSpan[]
}

/** As a user registers it with `node --import`, but for one test and kept in memory. */
export function registerTracing (t: TestContext): Spans {
  const exporter = new InMemorySpanExporter()
  const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
  provider.register()
  t.after(async () => {
    for (const api of [trace, context, propagation]) api.disable()
    await provider.shutdown()
  })
  const all = (): readonly ReadableSpan[] => exporter.getFinishedSpans()
  return { all, named: name => all().filter(span => span.name === name) }
}

/** What a producer puts into the headers of its record. */
export const producer: SpanContext = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 }

export function traceparent ({ traceId, spanId }: SpanContext): LogHeader {
  return ['traceparent', Buffer.from(`00-${traceId}-${spanId}-01`)]
}

/** The value of each header of this name. */
export function headersNamed (headers: readonly LogHeader[], wanted: string): string[] {
  return headers.flatMap(([name, value]) => name === wanted ? value?.toString() ?? '' : [])
}
