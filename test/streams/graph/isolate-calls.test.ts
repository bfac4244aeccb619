import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type } from 'typebox'
import { defineAsyncProcessor, defineTopic, defineTopology, delayTopics, isRejected, isValid, type Topology } from '../../../streams/index.ts'
import { topicName } from '../../../streams/graph/topic-names.ts'

const orders = defineTopic({ name: 'orders' })
const done = defineTopic({ name: 'done' })
const deadLetters = defineTopic({ name: 'orders-dlq' })

const send = (name: string, options: { readonly retry?: ReturnType<typeof delayTopics> } = {}) => defineAsyncProcessor({
  name, input: Type.Unknown(), output: Type.Unknown(), ...options, process: async ({ value }) => value
})

const topicsOf = ({ subTopologies }: Topology): string[][] => subTopologies.map(({ topics }) => [...topics])

test('a call behind nothing but a validation and its branch begins at the source', () => {
  const topology = defineTopology('orders', ({ stream }) => {
    const { valid, dlq } = stream(orders).validate(Type.Unknown()).branch({ valid: isValid, dlq: isRejected })
    dlq.to(deadLetters, { format: 'raw' })
    valid.processAsync(send('send')).to(done)
  })
  assert.deepEqual(topicsOf(topology), [['orders']])
})

test('behind something stateful a call has an internal topic before it', () => {
  const topology = defineTopology('orders', ({ stream }) => {
    stream(orders).groupByKey().count().toStream().processAsync(send('send')).to(done)
  })
  assert.deepEqual(topicsOf(topology), [['orders'], ['send-async']])
})

test('each of two slow sinks of one stream has a position of its own', () => {
  const topology = defineTopology('orders', ({ stream }) => {
    const all = stream(orders)
    all.processAsync(send('first'))
    all.processAsync(send('second'))
  })
  assert.deepEqual(topicsOf(topology), [['orders'], ['first-async'], ['second-async']])
})

test('what is written to a topic does not wait for a call beside it', () => {
  const topology = defineTopology('orders', ({ stream }) => {
    const all = stream(orders)
    all.to(done)
    all.processAsync(send('send'))
  })
  assert.deepEqual(topicsOf(topology), [['orders'], ['send-async']])
})

test('a call behind a call has an internal topic before it', () => {
  const topology = defineTopology('orders', ({ stream }) => {
    stream(orders).processAsync(send('first')).processAsync(send('second')).to(done)
  })
  assert.deepEqual(topicsOf(topology), [['orders'], ['second-async']])
})

test('retry topics are read by the sub-topology of their node, one per delay, and bear the application id', () => {
  const topology = defineTopology('orders', ({ stream }) => {
    stream(orders).processAsync(send('send', { retry: delayTopics({ delays: ['5m', '10m', '10m'] }) })).to(done)
  })
  assert.deepEqual(topicsOf(topology), [['orders', 'send.retry.5m', 'send.retry.10m']])
  assert.deepEqual(topology.subTopologies[0]?.retryTopics, ['send.retry.5m', 'send.retry.10m'])
  assert.deepEqual(topology.sources[1]?.topics.map(topic => topicName(topic, 'app')), ['app-send.retry.5m'])
})

test('retry topics that a policy names are called so where the application runs under its topology\'s name', () => {
  const topology = defineTopology('orders', ({ stream }) => {
    stream(orders).processAsync(send('send', { retry: delayTopics({ delays: ['5m'], topicName: delay => `orders.retry.${delay}` }) })).to(done)
  })
  const [retry] = topology.sources[1]?.topics ?? []
  assert.deepEqual(retry && [topicName(retry, 'orders'), topicName(retry, 'other')], ['orders.retry.5m', 'other-orders.retry.5m'])
})
