import { propagation, type Context, type TextMapGetter } from '@opentelemetry/api'
import type { LogHeader } from '../../log/log.ts'

type Headers = readonly LogHeader[]

/** Of several headers of one name the last counts, as in Kafka's clients. */
const getter: TextMapGetter<Headers> = {
  keys: headers => headers.map(([name]) => name),
  get: (headers, wanted) => headers.findLast(([name]) => name === wanted)?.[1]?.toString()
}

/** What the headers say of where a record comes from, on top of this context. */
export function extractFrom (context: Context, headers: Headers): Context {
  return propagation.extract(context, headers, getter)
}

/** The headers that stand for this context. */
export function injected (context: Context): Headers {
  const headers: LogHeader[] = []
  propagation.inject(context, headers, { set: (carrier, name, value) => { carrier.push([name, Buffer.from(value)]) } })
  return headers
}

/** With these in place of those that came: a record says one thing of its trace. */
export function replaced (headers: Headers, by: Headers): Headers {
  const fields = propagation.fields()
  return [...headers.filter(([name]) => !fields.includes(name)), ...by]
}
