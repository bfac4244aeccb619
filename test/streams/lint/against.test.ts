import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineTopic, defineTopology, serdes, timeWindows, topicPattern, type TopologyBuilder } from '../../../streams/index.ts'
import { describeAsJson } from '../../../streams/graph/describe/json.ts'
import { against } from '../../../streams/lint/against.ts'

type Program = (builder: TopologyBuilder<object>) => void

const topic = (name: string) => defineTopic({ name, value: serdes.string })

/** Severity, node and what was found, of the second program against the first. */
function compare (before: Program, after: Program): string[] {
  const earlier = JSON.parse(JSON.stringify(describeAsJson(defineTopology('t', before))))
  return against({ topology: defineTopology('t', after), earlier }).map(({ severity, node, found }) => `${severity} ${node}: ${found}`)
}

const counted = ({ source = 'records', store = 'counts', sizeMs = 1_000, retentionMs = 1_000, from = 'in', filter = false } = {}): Program => ({ stream }) => {
  const records = stream(topic(from), { name: source })
  const behind = filter ? records.filter(() => true) : records
  behind.groupByKey().windowedBy(timeWindows({ sizeMs })).count({ name: 'counted', store: { ...(store === '' ? {} : { name: store }), retentionMs } })
}

test('the same topology again is compatible, with nothing to be said', () => {
  assert.deepEqual(compare(counted(), counted()), [])
  assert.deepEqual(compare(counted(), counted({ filter: true })), [], 'a node more, and all names as before')
})

test('a store that was renamed needs a reset: by hand, or by a number that moved on', () => {
  assert.deepEqual(compare(counted(), counted({ store: 'tallies' })), ["error counts: This store is called 'tallies' now: it would begin empty."])
  assert.deepEqual(compare(counted({ store: '' }), counted({ store: '', filter: true })), [
    "error KSTREAM-AGGREGATE-STATE-STORE-0000000002: This store is called 'KSTREAM-AGGREGATE-STATE-STORE-0000000003' now, by another number: it would begin empty."
  ])
})

test('other windows need a reset, a longer retention does not', () => {
  const [windows, ...more] = compare(counted(), counted({ sizeMs: 500 }))

  assert.match(windows ?? '', /^error counts: Its windows changed from \{"type":"time","sizeMs":1000,.+ to .+"sizeMs":500,/)
  assert.deepEqual(more, [])
  assert.deepEqual(compare(counted(), counted({ retentionMs: 2_000 })), ['note counts: It keeps its rows for 2000 ms where it was 1000; what was let go does not come back.'])
})

test('another serde, key or kind of a store needs a reset', () => {
  const kept = (options: { readonly historyRetentionMs?: number, readonly value?: typeof serdes.string }): Program => ({ table }) => { table(topic('rows'), { store: { name: 'kept', ...options } }) }

  assert.match(compare(kept({}), kept({ historyRetentionMs: 5_000 })).join(), /^error kept: Its kind changed from key-value to versioned/)
  assert.match(compare(({ table }) => { table(defineTopic({ name: 'rows' }), { store: { name: 'kept' } }) }, kept({})).join(), /error kept: Its value serde changed from json to text/)
})

test('internal topics: another name or another number of partitions needs a reset', () => {
  const through = (name: string, partitions?: number): Program => ({ stream }) => stream(topic('in')).repartition({ name, ...(partitions === undefined ? {} : { partitions }) }).to(topic('out'))

  assert.ok(compare(through('a'), through('b')).includes("error a-repartition: This internal topic is called 'b-repartition' now: what is still in the old one would never be read."))
  assert.deepEqual(compare(through('a', 3), through('a', 6)), ['error a-repartition: The partitions of this internal topic changed from 3 to 6.'])
  assert.deepEqual(compare(({ stream }) => stream(topic('in')).to(topic('out')), through('a')).filter(line => line.startsWith('error')), [])
})

test('sub-topologies: another name needs a reset, and so do inputs that go over to another one; new inputs do not', () => {
  const [renamed] = compare(counted(), counted({ source: 'events' }))

  assert.equal(renamed, "error records: This sub-topology is called 'events' now, and positions are kept by that name: it would begin anew.")
  const merged: Program = ({ stream }) => { stream(topic('in'), { name: 'records' }).merge(stream(topic('more'))).to(topic('out')) }
  const plain: Program = ({ stream }) => { stream(topic('in'), { name: 'records' }).to(topic('out')) }
  assert.deepEqual(compare(plain, merged), ["note records: It reads 'more' too, from where that topic begins; its partitions have to be as many as those of the others."])
  const apart: Program = ({ stream }) => { for (const [name, input] of [['records', 'in'], ['others', 'more']] as const) stream(topic(input), { name }).to(topic('out')) }
  assert.deepEqual(compare(apart, merged).filter(line => line.startsWith('error')), ["error others: Its input 'more' is read by sub-topology 'records' now, and positions are kept by that name: it would be read anew."])
  assert.deepEqual(compare(merged, apart).filter(line => line.startsWith('error')), ["error records: Its input 'more' is read by sub-topology 'others' now, and positions are kept by that name: it would be read anew."])
  assert.deepEqual(compare(merged, plain), ["note records: It does not read 'more' any more; what came from there stays in its stores."])
})

test('a sub-topology that reads by a pattern is known by it', () => {
  const reading = (name?: string): Program => ({ stream }) => { stream(topicPattern({ matching: /orders-.*/, value: serdes.string }), name === undefined ? {} : { name }).groupByKey().count({ store: { name: 'counts' } }) }
  const beside: Program = builder => {
    counted()(builder)
    builder.stream(topicPattern({ matching: /more-.*/ })).foreach(() => {})
  }

  assert.deepEqual(compare(reading(), reading()), [])
  assert.deepEqual(compare(reading(), reading('orders')), ["error orders-.*: This sub-topology is called 'orders' now, and positions are kept by that name: it would begin anew."])
  assert.deepEqual(compare(counted(), beside), ['note more-.*: This sub-topology is new; it begins where its topics begin (more-.*).'])
})
