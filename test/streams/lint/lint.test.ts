import assert from 'node:assert/strict'
import { test } from 'node:test'
import Type from 'typebox'
import { defineAsyncProcessor, defineProcessor, defineRows, delayTopics, type RetryPolicy, defineTopic, defineTopology, column, isRejected, isValid, serdes, timeWindows, type Topology, type TopologyBuilder } from '../../../streams/index.ts'
import { lint } from '../../../streams/lint/lint.ts'

const topic = (name: string) => defineTopic({ name, value: serdes.string })
const deadLetters = { topic: defineTopic({ name: 'dlq' }), format: 'envelope' } as const
const build = (program: (builder: TopologyBuilder<object>) => void): Topology => defineTopology('t', { deadLetters }, program)

/** What a rule finds: severity and node. */
function found (rule: string, topology: Topology, more: Partial<Parameters<typeof lint>[0]> = {}): string[] {
  const findings = lint({ topology, environment: {}, partitionCounts: undefined, earlier: undefined, ...more }).filter(finding => finding.rule === rule)
  for (const { found, todo } of findings) assert.ok(found.length > 0 && todo.length > 0)
  return findings.map(({ severity, node }) => `${severity} ${node}`)
}

test('a topology with names and places for dead letters has no findings but notes', () => {
  const topology = build(({ stream }) => stream(topic('in')).groupByKey().count({ name: 'counted', store: { name: 'counts' } }).toStream().to(defineTopic({ name: 'out', value: serdes.long })))

  assert.deepEqual(lint({ topology, environment: {}, partitionCounts: undefined, earlier: undefined }).map(({ severity, rule, node }) => [severity, rule, node]), [['note', 'grows-for-ever', 'counts']])
})

test('unnamed-stateful: a node that keeps state has a name', () => {
  assert.deepEqual(found('unnamed-stateful', build(({ stream }) => { stream(topic('in')).groupByKey().count({ store: { name: 'counts' } }) })), ['warning KSTREAM-AGGREGATE-0000000001'])
  assert.deepEqual(found('unnamed-stateful', build(({ stream }) => { stream(topic('in')).filter(() => true).groupByKey().count({ name: 'counted' }) })), [])
})

test('numbered-resources: stores and internal topics have names of their own', () => {
  assert.deepEqual(found('numbered-resources', build(({ stream }) => { stream(topic('in')).groupBy(value => value).count({ name: 'counted' }) })), [
    'warning KSTREAM-AGGREGATE-STATE-STORE-0000000002', 'warning KSTREAM-AGGREGATE-STATE-STORE-0000000002-repartition'
  ])
  assert.deepEqual(found('numbered-resources', build(({ stream }) => { stream(topic('in')).groupBy(value => value).count({ store: { name: 'counts' } }) })), [])
})

test('dead-letters: each source and each branch behind a validation has a place for what is refused', () => {
  const check = ({ stream }: TopologyBuilder<object>) => stream(topic('in'), { name: 'records' }).validate(Type.String(), { name: 'check' }).branch({ valid: isValid, dlq: isRejected }, { name: 'checked' })
  const without = defineTopology('t', builder => check(builder).valid.to(topic('out')))
  const withOne = defineTopology('t', builder => {
    const { valid, dlq } = check(builder)
    valid.to(topic('out'))
    dlq.to(deadLetters.topic, { format: 'raw' })
  })

  assert.deepEqual(found('dead-letters', without), ['warning checked', 'warning records'])
  assert.deepEqual(found('dead-letters', withOne), [])
  assert.deepEqual(found('dead-letters', build(({ stream }) => stream(topic('in')).to(topic('out')))), [])
})

test('unequal-partitions: what is read together has as many partitions; the cluster is asked', () => {
  const joined = build(({ stream, table }) => stream(topic('orders'), { name: 'orders' }).join(table(topic('payments')), (order, payment) => order + payment).to(topic('out')))
  const repartitioned = build(({ stream, table }) => stream(topic('orders')).selectKey(value => String(value)).join(table(topic('payments')), (order, payment) => order + payment).to(topic('out')))
  const counts = new Map([['orders', 4], ['payments', 6]])

  assert.deepEqual(found('unequal-partitions', joined, { partitionCounts: counts }), ['error orders'])
  assert.deepEqual(found('unequal-partitions', repartitioned, { partitionCounts: counts }), [])
  assert.deepEqual(found('unequal-partitions', joined, { partitionCounts: new Map([['orders', 4]]) }), ['note payments'])
  assert.deepEqual(found('unequal-partitions', joined), [])
})

test('grows-for-ever: logs, aggregates without windows, and windowed rows in a store without retention', () => {
  const log = defineRows({ name: 'events', columns: { id: column('text') }, key: ['id'] })
  const keep = defineProcessor({ name: 'keep', input: Type.Any(), output: Type.Any(), stores: { log }, process () {} })
  const windowed = (store?: { readonly name: string }): Topology => build(({ stream }) => {
    stream(topic('in')).groupByKey().windowedBy(timeWindows({ sizeMs: 5 })).count({ store: { name: 'counts' } }).filter(count => count > 1, store === undefined ? {} : { store })
  })

  assert.deepEqual(found('grows-for-ever', build(({ stream }) => { stream(topic('in')).process(keep) })), ['note events'])
  assert.deepEqual(found('grows-for-ever', windowed({ name: 'many' })), ['warning many'])
  assert.deepEqual(found('grows-for-ever', windowed()), [])
})

test('unset-variables: a setting without default is given by the environment', () => {
  const topology = defineTopology('t', { settings: Type.Object({ LIMIT: Type.Integer({ default: 3 }), CITY: Type.Optional(Type.String({ description: 'which city' })) }) }, ({ stream }) => { stream(topic('in')) })

  assert.deepEqual(found('unset-variables', topology), ['note CITY'])
  assert.deepEqual(found('unset-variables', topology, { environment: { CITY: 'Hamburg' } }), [])
})

test('unused-branches: something stands behind every branch', () => {
  const branches = (isUsed: boolean): Topology => build(({ stream }) => {
    const { a, b } = stream(topic('in')).branch({ a: (value): value is string | null => value !== null, b: (value): value is string | null => value === null }, { name: 'split' })
    a.to(topic('a'))
    if (isUsed) b.to(topic('b'))
  })

  assert.deepEqual(found('unused-branches', branches(false)), ['warning split-b'])
  assert.deepEqual(found('unused-branches', branches(true)), [])
})

test('unread-tables: a table is read by a node, a join, or by its name', () => {
  assert.deepEqual(found('unread-tables', build(({ table }) => { table(topic('rows'), { name: 'rows' }) })), ['warning rows'])
  assert.deepEqual(found('unread-tables', build(({ table }) => { table(topic('rows'), { name: 'rows', store: { name: 'kept' } }) })), [])
  assert.deepEqual(found('unread-tables', build(({ stream, table }) => stream(topic('in')).join(table(topic('rows')).filter(() => true), (left, right) => left + right).to(topic('out')))), [])
  assert.deepEqual(found('unread-tables', build(({ stream, globalTable }) => {
    globalTable(topic('names'), { name: 'names' })
    stream(topic('in')).to(topic('out'))
  })), ['warning names'])
})

test('hasty-retries: a call is not made again while the one before may still be at work', () => {
  const calling = (retry: RetryPolicy): Topology => build(({ stream }) => {
    stream(topic('in'), { name: 'records' }).processAsync(defineAsyncProcessor({ name: 'send', input: Type.Unknown(), timeoutMs: 5_000, retry, process: async () => undefined }))
  })
  assert.deepEqual(found('hasty-retries', calling(delayTopics({ delays: ['1s', '10s'] }))), ['note send'])
  assert.deepEqual(found('hasty-retries', calling(delayTopics({ delays: ['5s', '10s'] }))), [])
})
