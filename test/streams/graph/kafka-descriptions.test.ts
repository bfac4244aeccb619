import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Type } from 'typebox'
import { defineProcessor, defineTopic, defineTopology, type TopologyBuilder } from '../../../streams/index.ts'
import { describe } from '../../../streams/graph/describe.ts'
import type { Optimization } from '../../../streams/graph/logical-graph.ts'
import { defineOrdered } from '../../../streams/stores/ordered.ts'
import { long } from '../../../streams/serdes/long.ts'
import { text } from '../../../streams/serdes/text.ts'
import { timeWindowed } from '../../../streams/serdes/windowed.ts'
import { joinWindows } from '../../../streams/windows/join-windows.ts'
import { timeWindows } from '../../../streams/windows/time-windows.ts'
import { kafkaPrograms } from './kafka-programs.ts'

/** Texts that Kafka Streams itself printed for these programs. */
const texts: Readonly<Record<string, string>> = JSON.parse(readFileSync(new URL('kafka-descriptions.json', import.meta.url), 'utf8'))

const topic = (name: string) => defineTopic({ name, value: text })
const tenSeconds = joinWindows({ timeDifferenceMs: 10_000 })
const both = (left: string, right: string): string => left + right
const out = topic('output')
const counts = (name: string) => defineTopic({ name, value: long })

const proc = defineProcessor({ name: 'proc', input: Type.Any(), output: Type.String(), stores: { store: defineOrdered({ name: 'store', value: text }) }, process () {} })

const programs: Readonly<Record<string, (builder: TopologyBuilder<object>) => void>> = {
  ...kafkaPrograms,
  'source-sink': ({ stream }) => stream(topic('input-topic')).to(out),
  'filter-group-count-named-store': ({ stream }) => stream(topic('input')).filter(() => true).groupByKey().count({ store: { name: 'Purchase_count_store' } }).toStream().to(counts('output')),
  'grouped-count-zero-arg': ({ stream }) => { stream(topic('input-topic')).groupByKey().count() },
  'table-filter': ({ table }) => { table(topic('input-topic')).filter(() => true) },
  'stream-stream-join-repartitioned-named': ({ stream }) => stream(topic('topic')).selectKey(key => String(key))
    .join(stream(topic('topic2')).selectKey(key => String(key)), both, { windows: tenSeconds, name: 'my-join', storeName: 'join-store' }).to(topic('out')),
  'table-table-fk-join': ({ table }) => table(topic('left')).join(table(topic('right')), both, { foreignKey: (value: string) => value, store: { name: 'joined' } }).toStream().to(topic('out')),
  'to-table': ({ stream }) => stream(topic('in')).toTable({ store: { name: 'tbl' } }).toStream().to(topic('out')),
  'processor-api': ({ stream }) => stream(topic('topic'), { name: 'source' }).process(proc).to(topic('out'), { name: 'sink' }),
  'stateless-named': ({ stream }) => stream(topic('input'), { name: 'Customer_transactions_input_topic' }).filter(() => true, { name: 'filter_out_invalid_txns' })
    .mapValues(value => value, { name: 'Map_values_to_first_6_characters' }).to(out, { name: 'Mapped_transactions_output_topic' }),
  'filter-group-count': ({ stream }) => stream(topic('input')).filter(() => true).groupByKey().count().toStream().to(counts('output')),
  'word-count': ({ stream }) => stream(topic('lines')).flatMapValues(line => String(line).split(' ')).groupBy(word => word).count({ store: { name: 'counts-store' } }).toStream().to(counts('counts')),
  'explicit-repartition': ({ stream }) => stream(topic('topic')).repartition({ name: 'shuffle', partitions: 4 }).to(out),
  table: ({ table }) => { table(topic('input-topic'), { store: { name: 'store' } }) },
  'table-groupby-count': ({ table }) => { table(topic('input-topic')).groupBy(() => null).count() },
  'table-filter-materialized': ({ table }) => { table(topic('input-topic')).filter(() => true, { store: { name: 'store-name' } }) },
  'stream-stream-join': ({ stream }) => stream(topic('left')).join(stream(topic('right')), both, { windows: tenSeconds }).to(topic('out')),
  'stream-table-join-grace': ({ stream, table }) => {
    const left = stream(topic('left'))
    left.join(table(topic('right'), { store: { name: 'tbl', historyRetentionMs: 300_000 } }), both, { name: 'Grace', graceMs: 10 }).to(topic('out'))
  },
  'table-table-join': ({ table }) => {
    const left = table(topic('left'))
    left.join(table(topic('right')), both).toStream().to(topic('out'))
  },
  'suppress-named': ({ stream }) => stream(topic('input')).groupByKey().windowedBy(timeWindows({ sizeMs: 5 })).count({ store: { name: 'counts' } })
    .suppress({ untilWindowCloses: true, name: 'myname' }).toStream().to(defineTopic({ name: 'output', key: timeWindowed(text, 5), value: long })),
  'two-subtopologies': ({ stream }) => {
    stream(topic('a')).to(topic('b'))
    stream(topic('c')).to(topic('d'))
  },
  'repartition-merged-optimized': ({ stream }) => {
    const rekeyed = stream(topic('in')).selectKey(key => String(key))
    rekeyed.groupByKey().count().toStream().to(counts('c1'))
    rekeyed.groupByKey().reduce(both).toStream().to(topic('c2'))
  },
  'self-join-optimized': ({ stream }) => {
    const records = stream(topic('in'))
    records.join(records, both, { windows: tenSeconds }).to(topic('out'))
  },
  'global-store': ({ globalTable }) => { globalTable(topic('globalTopic'), { store: { name: 'globalStore' } }) }
}

for (const [id, text] of Object.entries(texts)) {
  const program = programs[id]
  const optimization: Optimization = id.endsWith('-optimized') ? 'all' : 'none'
  test(`a topology is described as Kafka Streams describes it: ${id}`, () => {
    assert.ok(program !== undefined, `there is no program for ${id}`)
    assert.equal(describe(defineTopology('test', { optimization }, program)), text)
  })
}
