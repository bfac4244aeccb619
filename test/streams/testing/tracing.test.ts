import assert from 'node:assert/strict'
import { test } from 'node:test'
import { trace, SpanStatusCode, type SpanContext } from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace-node'
import { Type } from 'typebox'
import {
  defineAsyncProcessor, defineTopic, defineTopology, delayTopics, inPlace, isRejected, isValid, ordered, serdes, type AsyncProcessorOptions, type Topology
} from '../../../streams/index.ts'
import type { LogHeader } from '../../../streams/log/log.ts'
import { createTestDriver } from '../../../streams/testing.ts'
import { headersNamed, producer, registerTracing, traceparent } from '../../helpers/tracing.ts'

const Click = Type.Object({ page: Type.String() })
const clicks = defineTopic({ name: 'clicks' })
const counts = defineTopic({ name: 'counts', key: serdes.string, value: serdes.long })
const deadLetters = defineTopic({ name: 'dead-letters' })

/** clicks → validated → repartitioned by page → counted → counts. */
const counting = defineTopology('counting', ({ stream }) => {
  const { valid, dlq } = stream(clicks).validate(Click).branch({ valid: isValid, dlq: isRejected })
  dlq.to(deadLetters, { format: 'raw' })
  valid.groupBy(({ page }) => page, { name: 'by-page', key: serdes.string }).count({ store: { name: 'clicks_by_page' } }).toStream().to(counts)
})

const from = { headers: [traceparent(producer), ['kept', Buffer.from('as it came')]] } satisfies { readonly headers: readonly LogHeader[] }

test('a record is one trace from its producer through an internal topic to the sink, each span below the one before', async t => {
  const spans = registerTracing(t)
  const driver = createTestDriver(counting)
  await driver.topic(clicks).pipe('a', { page: '/home' }, from)

  const [first, second, ...others] = spans.all()
  assert.ok(first !== undefined && second !== undefined)
  assert.deepEqual(others, [])
  assert.deepEqual([first.spanContext().traceId, first.parentSpanContext?.spanId], [producer.traceId, producer.spanId])
  assert.deepEqual([second.spanContext().traceId, second.parentSpanContext?.spanId], [producer.traceId, first.spanContext().spanId])
  const [count] = await driver.output(counts).readAll()
  assert.deepEqual(headersNamed(count?.headers ?? [], 'traceparent'), [`00-${producer.traceId}-${second.spanContext().spanId}-01`])
  assert.deepEqual(headersNamed(count?.headers ?? [], 'kept'), ['as it came'])
})

test('a span says which record it is of, what it reached and what became of it', async t => {
  const spans = registerTracing(t)
  const driver = createTestDriver(counting)
  await driver.topic(clicks).pipe('a', { page: '/home' })

  const [first] = spans.all()
  const { 'millrace.nodes': nodes, ...attributes } = first?.attributes ?? {}
  assert.equal(first?.name, 'process clicks')
  assert.deepEqual(attributes, {
    'messaging.system': 'kafka',
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
    'messaging.destination.name': 'clicks',
    'messaging.destination.partition.id': '0',
    'messaging.kafka.offset': 0,
    'messaging.consumer.group.name': 'test',
    'millrace.task': 'clicks/0',
    'millrace.outcome': 'done',
    'millrace.runs': 1
  })
  assert.deepEqual(nodes, ['KSTREAM-SOURCE-0000000000', 'KSTREAM-BRANCH-0000000002', 'by-page', 'by-page-repartition-filter', 'by-page-repartition-sink'])
})

test('a dead letter carries the span that says why', async t => {
  const spans = registerTracing(t)
  const driver = createTestDriver(counting)
  await driver.topic(clicks).pipe('a', { page: 7 }, from)

  const [span] = spans.all()
  assert.deepEqual([span?.status.code, span?.attributes['millrace.outcome']], [SpanStatusCode.ERROR, 'dead-letter'])
  assert.equal(span?.events[0]?.name, 'exception')
  const [letter] = await driver.output(deadLetters).readAll()
  assert.deepEqual(headersNamed(letter?.headers ?? [], 'traceparent'), [`00-${producer.traceId}-${span?.spanContext().spanId}-01`])
})

const priced = defineTopic({ name: 'priced' })

function priceBy (options: Omit<AsyncProcessorOptions<unknown, unknown>, 'name' | 'input' | 'batch' | 'processBatch'>): Topology {
  return defineTopology('pricing', { deadLetters: { topic: deadLetters, format: 'raw' } }, ({ stream }) => {
    stream(clicks).processAsync(defineAsyncProcessor({ name: 'price', input: Type.Unknown(), output: Type.Unknown(), ...options })).to(priced)
  })
}

/** Each attempt is linked to the one before, the first to none. */
function assertChained (attempts: readonly ReadableSpan[]): void {
  const before = [[], ...attempts.slice(0, -1).map(attempt => [attempt.spanContext().spanId])]
  assert.deepEqual(attempts.map(({ links }) => links.map(({ context }) => context.spanId)), before)
  assert.deepEqual(attempts.map(({ attributes }) => attributes['millrace.attempt']), attempts.map((_, index) => index + 1))
}

test('what a call does is below the span of its attempt', async t => {
  const spans = registerTracing(t)
  const seen: (SpanContext | undefined)[] = []
  const driver = createTestDriver(priceBy({
    process: async ({ value }, { sleep }) => {
      await sleep(100)
      seen.push(trace.getActiveSpan()?.spanContext())
      return value
    }
  }))
  await driver.topic(clicks).pipe('a', 1, from)
  await driver.advanceWallClock(100)

  const [attempt] = spans.named('price')
  const [record] = spans.named('process clicks')
  assert.deepEqual(seen.map(span => span?.spanId), [attempt?.spanContext().spanId])
  assert.equal(attempt?.parentSpanContext?.spanId, record?.spanContext().spanId)
  assert.equal(trace.getActiveSpan(), undefined)
})

for (const [name, retry] of [['in place', inPlace({ delays: ['1s', '1s'] })], ['by delay topics', delayTopics({ delays: ['1s', '1s'] })], ['by ordered parking', ordered({ delays: ['1s', '1s'] })]] as const) {
  test(`attempts that are made again ${name} are one trace, each linked to the one before, to the dead letter`, async t => {
    const spans = registerTracing(t)
    const driver = createTestDriver(priceBy({ retry, process: async () => { throw new Error('busy') } }))
    await driver.topic(clicks).pipe('a', 1, from)
    for (let second = 0; second < 2; second++) await driver.advanceWallClock(1_000)

    const attempts = spans.named('price')
    assert.equal(attempts.length, 3)
    assertChained(attempts)
    assert.ok(spans.all().every(span => span.spanContext().traceId === producer.traceId))
    assert.ok(attempts.every(({ status }) => status.code === SpanStatusCode.ERROR))
    const records = spans.named('process clicks')
    assert.deepEqual([records[0]?.parentSpanContext?.spanId, records.at(-1)?.attributes['millrace.outcome']], [producer.spanId, 'dead-letter'])
    const [letter] = await driver.output(deadLetters).readAll()
    assert.deepEqual(headersNamed(letter?.headers ?? [], 'traceparent'), [`00-${producer.traceId}-${records.at(-1)?.spanContext().spanId}-01`])
    assert.deepEqual(headersNamed(letter?.headers ?? [], 'tracestate'), [])
  })
}

test('a record that came without a trace keeps the one that it was given over its retries, after a restart too', async t => {
  const spans = registerTracing(t)
  const driver = createTestDriver(priceBy({ retry: ordered({ delays: ['1s'] }), process: async ({ value }, { attempt }) => { if (attempt === 1) throw new Error('busy'); return value } }))
  await driver.topic(clicks).pipeAll([{ key: 'a', value: 1 }, { key: 'a', value: 2 }])
  await driver.restart()
  await driver.advanceWallClock(1_000)
  await driver.advanceWallClock(1_000)

  assert.deepEqual(await driver.output(priced).readValues(), [1, 2])
  const traces = Map.groupBy(spans.all(), span => span.spanContext().traceId)
  assert.equal(traces.size, 2)
  for (const each of traces.values()) {
    assertChained(each.filter(({ name }) => name === 'price'))
    assert.equal(each.filter(({ parentSpanContext }) => parentSpanContext === undefined).length, 1)
  }
})

test('the tracestate of others goes along', async t => {
  registerTracing(t)
  const driver = createTestDriver(priceBy({ retry: delayTopics({ delays: ['1s'] }), process: async ({ value }, { attempt }) => { if (attempt === 1) throw new Error('busy'); return value } }))
  await driver.topic(clicks).pipe('a', 1, { headers: [traceparent(producer), ['tracestate', Buffer.from('vendor=1')]] })
  await driver.advanceWallClock(1_000)
  const [output] = await driver.output(priced).readAll()
  assert.deepEqual(headersNamed(output?.headers ?? [], 'tracestate'), ['vendor=1'])
})

test('a batch is linked to the records that it is made for', async t => {
  const spans = registerTracing(t)
  const price = defineAsyncProcessor({ name: 'price', input: Type.Unknown(), output: Type.Unknown(), batch: { size: 2, withinMs: 10 }, processBatch: async records => records.map(({ value }) => value) })
  const driver = createTestDriver(defineTopology('pricing', ({ stream }) => { stream(clicks).processAsync(price).to(priced) }))
  await driver.topic(clicks).pipeAll([{ key: 'a', value: 1, ...from }, { key: 'b', value: 2 }])

  const [batch, ...others] = spans.named('price')
  assert.deepEqual(others, [])
  assert.deepEqual(batch?.links.map(({ context }) => context.spanId), spans.named('process clicks').map(span => span.spanContext().spanId))
})

test('after a crash between produce and commit the trace is the same, and what counts is below a span that was recorded', async t => {
  const spans = registerTracing(t)
  const driver = createTestDriver(counting)
  driver.crashAt('produced')
  await driver.topic(clicks).pipe('a', { page: '/home' }, from)

  const [first, second, ...others] = spans.all()
  assert.deepEqual(others, [], 'the spans of the life that ended are lost with it')
  assert.equal(second?.parentSpanContext?.spanId, first?.spanContext().spanId)
  const [count] = await driver.output(counts).readAll()
  assert.deepEqual(headersNamed(count?.headers ?? [], 'traceparent'), [`00-${producer.traceId}-${second?.spanContext().spanId}-01`])
})

test('a record that is given away while it is called for says so, and so does its attempt', async t => {
  const spans = registerTracing(t)
  const driver = createTestDriver(priceBy({
    process: async ({ value }, { sleep }) => {
      await sleep(1_000)
      return value
    }
  }))
  await driver.topic(clicks).pipe('a', 1, from)
  await driver.rebalance()
  assert.deepEqual(spans.all().map(({ name, status, attributes }) => [name, status.code, attributes['millrace.outcome']]), [
    ['price', SpanStatusCode.ERROR, undefined], ['process clicks', SpanStatusCode.UNSET, 'given-away']
  ])
  await driver.advanceWallClock(1_000)
  assert.deepEqual(spans.named('process clicks').map(({ attributes }) => attributes['millrace.outcome']), ['given-away', 'done'])
})

test('where nobody has registered a tracer provider, the headers go through as they came', async () => {
  const driver = createTestDriver(counting)
  await driver.topic(clicks).pipe('a', { page: '/home' }, from)
  const [count] = await driver.output(counts).readAll()
  assert.deepEqual(headersNamed(count?.headers ?? [], 'traceparent'), [`00-${producer.traceId}-${producer.spanId}-01`])
})
